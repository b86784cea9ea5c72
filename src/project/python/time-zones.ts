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
  /** Of a zone whose offset changes: the one it began with. */
  readonly #first: Offset | null;
  readonly #methods: Readonly<Record<string, Callable>>;

  constructor(
    zone: string,
    at: (utcMillis: number) => Offset,
    first: Offset | null = null,
    methods: Readonly<Record<string, Callable>> = {},
  ) {
    super('tzinfo', { zone, ...methods }, { text: () => zone });
    this.zone = zone;
    this.#at = at;
    this.#first = first;
    this.#methods = methods;
  }

  /** The same with more to call. */
  withMethods(methods: Readonly<Record<string, Callable>>): TimeZone {
    return new TimeZone(this.zone, this.#at, this.#first, methods);
  }

  /** @param utcMillis since 1970 */
  at(utcMillis: number): Offset {
    return this.#at(utcMillis);
  }

  /** As a time has it: with the offset of a point in time, which computing with the time does not change. */
  fixedAt(utcMillis: number): TimeZone {
    return this.#first === null ? this : this.#fixed(this.at(utcMillis));
  }

  /** As a time has it that was made with this zone instead of being put into it: pytz knows no more than the zone's first offset, its mean sun time. */
  asItIs(): TimeZone {
    return this.#first === null ? this : this.#fixed(this.#first);
  }

  #fixed(offset: Offset): TimeZone {
    return new FixedTimeZone(this, offset, this.#methods);
  }

  /** The zone that gives the offset at other times. */
  get whole(): TimeZone {
    return this;
  }

  /** Milliseconds since 1970 in UTC of a wall clock in this zone. */
  utcOf(wallMillis: number): number {
    const guess = wallMillis - this.at(wallMillis).minutes * 60_000;
    return wallMillis - this.at(guess).minutes * 60_000;
  }
}

/** A zone at one of its offsets. */
class FixedTimeZone extends TimeZone {
  readonly #whole: TimeZone;

  constructor(whole: TimeZone, offset: Offset, methods: Readonly<Record<string, Callable>>) {
    super(whole.zone, () => offset, null, methods);
    this.#whole = whole;
  }

  override get whole(): TimeZone {
    return this.#whole;
  }
}

export const UTC = new TimeZone('UTC', () => ({ minutes: 0, name: 'UTC' }));

/** A fixed offset, named as Python does: `UTC+02:00`. */
export function fixedZone(minutes: number, name: string): TimeZone {
  return minutes === 0 ? UTC : new TimeZone(name, () => ({ minutes, name }));
}

/** When each town had its own time. */
const BEFORE_ZONES = Date.UTC(1800, 0, 1);

/** A zone by its name, as `pytz.timezone` has it. */
export function namedZone(value: Parameters<typeof stringArgument>[1]): TimeZone {
  const zone = stringArgument('pytz.timezone()', value);
  if (zone.toUpperCase() === 'UTC') return UTC;
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    const short = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' });
    const first = { minutes: minutesOf(format, BEFORE_ZONES), name: 'LMT' };
    return new TimeZone(zone, (utc) => ({ minutes: minutesOf(format, utc), name: nameOf(short, utc) }), first);
  } catch {
    throw new TemplateError(`there is no time zone ${zone}`, 'name one of the IANA database, as Europe/Berlin');
  }
}

function nameOf(format: Intl.DateTimeFormat, utc: number): string {
  return format.formatToParts(utc).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** Of `GMT+02:00`, `GMT+00:53:28` or `GMT` alone, to the nearest minute as pytz rounds. */
function minutesOf(format: Intl.DateTimeFormat, utc: number): number {
  const [, sign, ...parts] = /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(nameOf(format, utc)) ?? [];
  const [hours, minutes, seconds] = parts.map((part) => Number(part ?? 0));
  const size = ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0);
  return Math.floor(((sign === '-' ? -size : size) + 30) / 60);
}
