import { stringArgument } from '../jinja/arguments.ts';
import { TemplateError, Thing, type Callable } from '../jinja/values.ts';

/** Minutes east of Greenwich, and the name, at a point in time. */
export interface Offset {
  readonly minutes: number;
  readonly name: string;
}

/** A `tzinfo`: UTC, a fixed offset, or a zone of the IANA database. */
export class TimeZone extends Thing {
  readonly zone: string;
  readonly #at: (utcMillis: number) => Offset;

  constructor(zone: string, at: (utcMillis: number) => Offset, methods: Readonly<Record<string, Callable>> = {}) {
    super('tzinfo', { zone, ...methods }, { text: () => zone });
    this.zone = zone;
    this.#at = at;
  }

  /** The same with more to call. */
  withMethods(methods: Readonly<Record<string, Callable>>): TimeZone {
    return new TimeZone(this.zone, this.#at, methods);
  }

  /** @param utcMillis since 1970 */
  at(utcMillis: number): Offset {
    return this.#at(utcMillis);
  }

  /** Milliseconds since 1970 in UTC of a wall clock in this zone. */
  utcOf(wallMillis: number): number {
    const guess = wallMillis - this.at(wallMillis).minutes * 60_000;
    return wallMillis - this.at(guess).minutes * 60_000;
  }
}

export const UTC = new TimeZone('UTC', () => ({ minutes: 0, name: 'UTC' }));

/** A fixed offset, named as Python does: `UTC+02:00`. */
export function fixedZone(minutes: number, name: string): TimeZone {
  return minutes === 0 ? UTC : new TimeZone(name, () => ({ minutes, name }));
}

/** A zone by its name, as `pytz.timezone` has it. */
export function namedZone(value: Parameters<typeof stringArgument>[1]): TimeZone {
  const zone = stringArgument('pytz.timezone()', value);
  if (zone.toUpperCase() === 'UTC') return UTC;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const short = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' });
    return new TimeZone(zone, (utc) => ({ minutes: minutesOf(format, utc), name: nameOf(short, utc) }));
  } catch {
    throw new TemplateError(`there is no time zone ${zone}`, 'name one of the IANA database, as Europe/Berlin');
  }
}

function nameOf(format: Intl.DateTimeFormat, utc: number): string {
  return format.formatToParts(utc).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** Of `GMT+02:00`, or `GMT` alone. */
function minutesOf(format: Intl.DateTimeFormat, utc: number): number {
  const [, sign, hours, minutes] = /GMT([+-])(\d{2}):(\d{2})/.exec(nameOf(format, utc)) ?? [];
  const size = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  return sign === '-' ? -size : size;
}
