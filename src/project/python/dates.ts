import { bind, stringArgument, wholeArgument } from '../jinja/arguments.ts';
import { Float } from '../../core/numbers.ts';
import { Operand, TemplateError, text, tuple, type Arguments, type Value } from '../jinja/values.ts';
import { isoWeek, offsetText, strftime } from './strftime.ts';
import { floorDivide, TimeDelta } from './time-delta.ts';
import { TimeZone, UTC } from './time-zones.ts';

const DAY = 86_400_000_000n;
const PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'] as const;

/** What Python's `date` and `datetime` have in common: a wall clock, in microseconds since 1970 as if it were UTC. */
abstract class Moment extends Operand {
  readonly wall: bigint;

  constructor(kind: 'date' | 'datetime', wall: bigint, zone: TimeZone | null, own: Readonly<Record<string, Value>>) {
    const at = calendar(wall, zone);
    const { wall: date } = at;
    const weekday = (date.getUTCDay() + 6) % 7;
    const { year, week } = isoWeek(date);
    super(
      kind,
      {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
        weekday: () => weekday,
        isoweekday: () => weekday + 1,
        isocalendar: () => tuple(year, week, weekday + 1),
        toordinal: () => Number(floorDivide(wall, DAY)) + 719_163,
        strftime: ({ positional, named }) =>
          strftime(at, stringArgument('strftime()', positional[0] ?? named.get('format'))),
        ...own,
      },
      { text: () => (kind === 'date' ? strftime(at, '%F') : isoText(wall, zone, ' ')) },
    );
    this.wall = wall;
  }
}

/** Python's `date`. */
export class PythonDate extends Moment {
  constructor(wall: bigint) {
    super('date', wall, null, {
      isoformat: () => strftime(calendar(wall, null), '%F'),
      replace: (args) => new PythonDate(replaced(wall, args, PARTS.slice(0, 3))),
    });
  }

  operate(operator: string, other: Value, side: 'left' | 'right'): Value | undefined {
    if (other instanceof TimeDelta) {
      const days = floorDivide(other.micros, DAY) * DAY;
      if (operator === '+') return new PythonDate(this.wall + days);
      if (operator === '-' && side === 'left') return new PythonDate(this.wall - days);
    }
    if (other instanceof PythonDate && operator === '-' && side === 'left')
      return new TimeDelta(this.wall - other.wall);
    return undefined;
  }

  order(other: Value): number | undefined {
    return other instanceof PythonDate ? sign(this.wall - other.wall) : undefined;
  }
}

/** Python's `datetime`, with or without a time zone. */
export class PythonDatetime extends Moment {
  readonly zone: TimeZone | null;

  constructor(wall: bigint, zone: TimeZone | null) {
    const { wall: date, micros } = calendar(wall, zone);
    super('datetime', wall, zone, {
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      second: date.getUTCSeconds(),
      microsecond: micros,
      tzinfo: zone,
      date: () => new PythonDate(floorDivide(wall, DAY) * DAY),
      timestamp: () => new Float(Number(utcMicros(wall, zone ?? UTC)) / 1e6),
      isoformat: (args) => {
        const { sep, timespec } = bind('isoformat', args, ['sep', 'timespec']);
        return isoText(wall, zone, text(sep ?? 'T'), timespec === undefined ? 'auto' : text(timespec));
      },
      replace: (args) => {
        const given = new Map(args.named);
        const to = given.get('tzinfo');
        given.delete('tzinfo');
        const moved = replaced(wall, { positional: args.positional, named: given }, PARTS);
        return new PythonDatetime(moved, to === undefined ? zone : (zoneOf(to)?.asItIs() ?? null));
      },
      astimezone: (args) => {
        const { tz } = bind('astimezone', args, ['tz']);
        return inZone(utcMicros(wall, zone ?? UTC), zoneOf(tz ?? UTC)?.whole ?? UTC);
      },
    });
    this.zone = zone;
  }

  /** Microseconds since 1970; of one without a zone by its wall clock. */
  get utc(): bigint {
    return utcMicros(this.wall, this.zone ?? UTC);
  }

  operate(operator: string, other: Value, side: 'left' | 'right'): Value | undefined {
    if (other instanceof TimeDelta) {
      if (operator === '+') return new PythonDatetime(this.wall + other.micros, this.zone);
      if (operator === '-' && side === 'left') return new PythonDatetime(this.wall - other.micros, this.zone);
    }
    if (other instanceof PythonDatetime && operator === '-' && side === 'left') {
      this.#sameKind(other, 'subtract');
      return new TimeDelta(this.utc - other.utc);
    }
    return undefined;
  }

  order(other: Value): number | undefined {
    if (!(other instanceof PythonDatetime)) return undefined;
    this.#sameKind(other, 'compare');
    return sign(this.utc - other.utc);
  }

  #sameKind(other: PythonDatetime, what: string): void {
    if ((this.zone === null) !== (other.zone === null))
      throw new TemplateError(`can't ${what} offset-naive and offset-aware datetimes`);
  }
}

/** A point in time, in microseconds since 1970, on the clock of a zone. */
export function inZone(utc: bigint, zone: TimeZone): PythonDatetime {
  const millis = Number(floorDivide(utc, 1000n));
  const { minutes } = zone.at(millis);
  return new PythonDatetime(utc + BigInt(minutes) * 60_000_000n, zone.fixedAt(millis));
}

/** The wall clock of `year, month, day, hour, ...`. */
export function wallOf(what: string, args: Arguments, names: readonly string[]): bigint {
  const named = new Map(args.named);
  args.positional.forEach((value, at) => named.set(names[at] ?? `argument ${at + 1}`, value));
  if (!['year', 'month', 'day'].every((name) => named.has(name)))
    throw new TemplateError(`${what}() needs a year, a month and a day`);
  return replaced(0n, { positional: [], named }, names);
}

export { PARTS };

/** @throws TemplateError for what is no time zone */
export function zoneOf(value: Value): TimeZone | null {
  if (value === null || value instanceof TimeZone) return value;
  throw new TemplateError('a time zone is needed here', 'use modules.pytz.timezone() or modules.pytz.utc');
}

function replaced(wall: bigint, args: Arguments, names: readonly string[]): bigint {
  const { wall: at, micros } = calendar(wall, null);
  const given = bind('replace', args, names);
  const now = [
    at.getUTCFullYear(),
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    micros,
  ];
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, micro = 0] = PARTS.map((name, at) => {
    const value = given[name];
    return value === undefined ? now[at] : wholeArgument(name, value);
  });
  const millis = new Date(0).setUTCFullYear(year, month - 1, day);
  const date = new Date(millis);
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 23 || minute > 59 || second > 59 || hour < 0 || minute < 0 || second < 0)
    throw new TemplateError(`there is no ${year}-${month}-${day} ${hour}:${minute}:${second}`);
  return BigInt(millis + ((hour * 60 + minute) * 60 + second) * 1000) * 1000n + BigInt(micro);
}

function utcMicros(wall: bigint, zone: TimeZone): bigint {
  const millis = floorDivide(wall, 1000n);
  return BigInt(zone.utcOf(Number(millis))) * 1000n + (wall - millis * 1000n);
}

function calendar(wall: bigint, zone: TimeZone | null): Parameters<typeof strftime>[0] {
  const seconds = floorDivide(wall, 1_000_000n);
  const micros = Number(wall - seconds * 1_000_000n);
  const offset = zone === null ? null : zone.at(Number(floorDivide(utcMicros(wall, zone), 1000n)));
  return { wall: new Date(Number(seconds) * 1000), micros, zone: offset };
}

function isoText(wall: bigint, zone: TimeZone | null, between: string, timespec = 'auto'): string {
  const at = calendar(wall, zone);
  const fraction = { auto: at.micros === 0 ? '' : '.%f', microseconds: '.%f', seconds: '' }[timespec];
  const time = { hours: '%H', minutes: '%H:%M' }[timespec] ?? `%T${fraction ?? ''}`;
  const millis = timespec === 'milliseconds' ? `.${String(Math.floor(at.micros / 1000)).padStart(3, '0')}` : '';
  return `${strftime(at, '%F')}${between}${strftime(at, time)}${millis}${at.zone === null ? '' : offsetText(at.zone.minutes)}`;
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}
