const DAY = 86_400_000;

/** `2026-11-24` for days since 1970; the number itself beyond what a JS date can say. */
export function dateText(days: number): string {
  const time = days * DAY;
  return Math.abs(time) > 8.64e15 ? String(days) : (new Date(time).toISOString().split('T')[0] as string);
}

/** `2026-11-24T10:00:00.123456Z` for microseconds since 1970, without a fraction where there is none. */
export function timestampText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const milliseconds = Number((micros - fraction) / 1000n);
  if (Math.abs(milliseconds) > 8.64e15) return String(micros);
  const seconds = new Date(milliseconds).toISOString().slice(0, -5);
  return fraction === 0n ? `${seconds}Z` : `${seconds}.${fraction.toString().padStart(6, '0')}Z`;
}

/** Days since 1970 of an ISO 8601 date; null when it is none. */
export function parseDate(text: string): number | null {
  if (!/^([+-]\d{2})?\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse takes 30 February for 2 March.
  return Number.isNaN(time) || dateText(time / DAY) !== text ? null : time / DAY;
}

/**
 * Microseconds since 1970 of an ISO 8601 timestamp (`T` or a space, seconds and up to 6 digits of fraction may be
 * missing, offset `Z` or `+hh:mm`, UTC without one; a date alone is its midnight); null when it is none.
 */
export function parseTimestamp(text: string): bigint | null {
  const match = /^(.*\d)[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6})0*)?)?(Z|[+-]\d{2}:?\d{2})?$/.exec(text);
  const days = parseDate(match === null ? text : (match[1] as string));
  if (days === null) return null;
  const [hour, minute, second] = [match?.[2], match?.[3], match?.[4]].map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const zone = /([+-])(\d{2}):?(\d{2})/.exec(match?.[6] ?? '');
  const offset = zone === null ? 0 : (Number(zone[2]) * 60 + Number(zone[3])) * (zone[1] === '-' ? -1 : 1);
  const seconds = days * 86_400 + hour * 3600 + (minute - offset) * 60 + second;
  return BigInt(seconds) * 1_000_000n + BigInt((match?.[5] ?? '').padEnd(6, '0'));
}
