import { TemplateError } from '../jinja/values.ts';

/** A point in time as a calendar shows it. */
export interface Calendar {
  /** As if it were UTC. */
  readonly wall: Date;
  /** Microseconds of the second. */
  readonly micros: number;
  /** Minutes east of Greenwich, and the name of the time zone; null without one. */
  readonly zone: { readonly minutes: number; readonly name: string } | null;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Python's `strftime` in the C locale; what it does not know stays as it is. */
export function strftime(at: Calendar, format: string): string {
  return format.replaceAll(/%([-a-zA-Z%])([a-zA-Z])?/g, (all, sign: string, after = '') => {
    if (sign === '-') return (part(at, after as string) ?? all).replace(/^0+(?=\d)/, '');
    const made = part(at, sign);
    return made === undefined ? all : made + String(after);
  });
}

function part(at: Calendar, sign: string): string | undefined {
  const { wall, micros, zone } = at;
  const padded = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  const [year, month, day] = [wall.getUTCFullYear(), wall.getUTCMonth(), wall.getUTCDate()];
  const [hour, minute, second] = [wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds()];
  const weekday = wall.getUTCDay();
  const dayOfYear = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  switch (sign) {
    case 'Y':
      return padded(year, 4);
    case 'y':
      return padded(year % 100);
    case 'm':
      return padded(month + 1);
    case 'd':
      return padded(day);
    case 'e':
      return String(day).padStart(2);
    case 'H':
      return padded(hour);
    case 'I':
      return padded(hour % 12 === 0 ? 12 : hour % 12);
    case 'M':
      return padded(minute);
    case 'S':
      return padded(second);
    case 'f':
      return padded(micros, 6);
    case 'p':
      return hour < 12 ? 'AM' : 'PM';
    case 'j':
      return padded(dayOfYear, 3);
    case 'a':
      return DAYS[weekday]?.slice(0, 3);
    case 'A':
      return DAYS[weekday];
    case 'b':
    case 'h':
      return MONTHS[month]?.slice(0, 3);
    case 'B':
      return MONTHS[month];
    case 'w':
      return String(weekday);
    case 'u':
      return String(weekday === 0 ? 7 : weekday);
    case 'U':
      return padded(Math.floor((dayOfYear + 6 - weekday) / 7));
    case 'W':
      return padded(Math.floor((dayOfYear + 6 - ((weekday + 6) % 7)) / 7));
    case 'G':
      return padded(isoWeek(wall).year, 4);
    case 'V':
      return padded(isoWeek(wall).week);
    case 'z':
      return zone === null ? '' : offsetText(zone.minutes, '');
    case 'Z':
      return zone === null ? '' : zone.name;
    case 'F':
      return `${padded(year, 4)}-${padded(month + 1)}-${padded(day)}`;
    case 'D':
    case 'x':
      return `${padded(month + 1)}/${padded(day)}/${padded(year % 100)}`;
    case 'T':
    case 'X':
      return `${padded(hour)}:${padded(minute)}:${padded(second)}`;
    case 'c':
      return strftime(at, '%a %b %e %H:%M:%S %Y');
    case '%':
      return '%';
    default:
      return undefined;
  }
}

/** The week of ISO 8601, and the year it counts to. */
export function isoWeek(wall: Date): { readonly year: number; readonly week: number } {
  const thursday = new Date(wall.getTime() + (3 - ((wall.getUTCDay() + 6) % 7)) * 86_400_000);
  const year = thursday.getUTCFullYear();
  return { year, week: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1 };
}

/** `+02:00`. */
export function offsetText(minutes: number, between = ':'): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}${between}${two(size % 60)}`;
}

const READ: Readonly<Record<string, string>> = {
  Y: String.raw`(?<Y>\d{4})`,
  y: String.raw`(?<y>\d{2})`,
  m: String.raw`(?<m>\d{1,2})`,
  d: String.raw`(?<d>\d{1,2})`,
  H: String.raw`(?<H>\d{1,2})`,
  I: String.raw`(?<I>\d{1,2})`,
  M: String.raw`(?<M>\d{1,2})`,
  S: String.raw`(?<S>\d{1,2})`,
  f: String.raw`(?<f>\d{1,6})`,
  p: '(?<p>[AaPp][Mm])',
  b: '(?<b>[A-Za-z]{3})',
  B: '(?<B>[A-Za-z]+)',
  z: String.raw`(?<z>Z|[+-]\d{2}:?\d{2})`,
};

/** Python's `strptime`: the microseconds of the wall clock since 1970, and the offset if the text has one. */
export function strptime(text: string, format: string): { readonly micros: bigint; readonly minutes: number | null } {
  const pattern = format.replaceAll(/%([a-zA-Z%])|[.*+?^${}()|[\]\\/]/g, (all, sign?: string) => {
    if (sign === undefined) return `\\${all}`;
    if (sign === '%') return '%';
    const read = READ[sign];
    if (read === undefined) throw new TemplateError(`strptime() does not know %${sign}`);
    return read;
  });
  const found = new RegExp(`^${pattern}$`).exec(text)?.groups;
  if (found === undefined) throw new TemplateError(`time data '${text}' does not match format '${format}'`);
  const named = found['b'] ?? found['B'];
  const month =
    named === undefined
      ? Number(found['m'] ?? 1)
      : MONTHS.findIndex((one) => one.toLowerCase().startsWith(named.toLowerCase())) + 1;
  const short = Number(found['y'] ?? 0);
  const year = found['y'] === undefined ? Number(found['Y'] ?? 1900) : short + (short < 69 ? 2000 : 1900);
  const half = found['p']?.toLowerCase();
  const hour =
    found['I'] === undefined ? Number(found['H'] ?? 0) : (Number(found['I']) % 12) + (half === 'pm' ? 12 : 0);
  const day = Number(found['d'] ?? 1);
  const wall = Date.UTC(year, month - 1, day, hour, Number(found['M'] ?? 0), Number(found['S'] ?? 0));
  const back = new Date(wall);
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day)
    throw new TemplateError(`'${text}' is no day of the calendar`);
  const micros = BigInt(wall) * 1000n + BigInt((found['f'] ?? '').padEnd(6, '0'));
  return { micros, minutes: found['z'] === undefined ? null : offsetMinutes(found['z']) };
}

/** Of `Z`, `+02:00` or `+0200`. */
export function offsetMinutes(text: string): number {
  if (text === 'Z') return 0;
  const digits = text.slice(1).replace(':', '');
  const size = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return text.startsWith('-') ? -size : size;
}
