const DATES = [
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})$/,
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})$/,
  /^(?<year>\d{4})-W(?<week>\d{2})-(?<weekday>\d)$/,
  /^(?<year>\d{4})W(?<week>\d{2})(?<weekday>\d)$/,
  /^(?<year>\d{4})-(?<ordinal>\d{3})$/,
  /^(?<year>\d{4})(?<ordinal>\d{3})$/,
  /^(?<year>\d{4})-W(?<week>\d{2})$/,
  /^(?<year>\d{4})W(?<week>\d{2})$/,
  /^(?<year>\d{4})-(?<month>\d{2})$/,
  /^(?<year>\d{4})(?<month>\d{2})$/,
  /^(?<year>\d{4})$/,
  /^(?<century>\d{2})$/,
];

const ZONE = '(?:Z|[+-]\\d{2}(?::?\\d{2})?)?$';
const TIMES = [
  '^T?(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2}(?:[,.]\\d+)?)',
  '^T?(?<hour>\\d{2})(?<minute>\\d{2})(?<second>\\d{2}(?:[,.]\\d+)?)',
  '^T?(?<hour>\\d{2}):(?<minute>\\d{2}(?:[,.]\\d+)?)',
  '^T?(?<hour>\\d{2})(?<minute>\\d{2}(?:[,.]\\d+)?)',
  '^T?(?<hour>\\d{2}(?:[,.]\\d+)?)',
].map((pattern) => new RegExp(pattern + ZONE));

/** Whether Python's isodate takes a text for a date and a time: dates by month, week or day of the year, the rest may be missing. */
export function isIsoDateTime(text: string): boolean {
  const [date, time, more] = text.split('T');
  return date !== undefined && time !== undefined && more === undefined && isIsoDate(date) && isIsoTime(time);
}

function isIsoDate(text: string): boolean {
  const groups = DATES.map((pattern) => pattern.exec(text)?.groups).find((found) => found !== undefined);
  if (groups === undefined) return false;
  const { century, year, month, day } = groups;
  if (century !== undefined) return true;
  // A month of 00 is January there; weeks and days of the year are counted on into the next one.
  if (month !== undefined) return isRealDate(Number(year), Number(month) || 1, Number(day ?? 1));
  return Number(year) > 0;
}

function isIsoTime(text: string): boolean {
  const groups = TIMES.map((pattern) => pattern.exec(text)?.groups).find((found) => found !== undefined);
  if (groups === undefined) return false;
  const whole = (part: string | undefined): number => Math.floor(Number((part ?? '0').replace(',', '.')));
  return whole(groups['hour']) < 24 && whole(groups['minute']) < 60 && whole(groups['second']) < 60;
}

/** Whether a day is there in the calendar of years 1 to 9999. */
export function isRealDate(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (days[month - 1] as number);
}
