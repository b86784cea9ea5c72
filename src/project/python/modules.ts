import { bind, stringArgument } from '../jinja/arguments.ts';
import { isNumber, numeric } from '../../core/numbers.ts';
import { TemplateError, Thing, type Callable } from '../jinja/values.ts';
import { inZone, PARTS, PythonDate, PythonDatetime, wallOf, zoneOf } from './dates.ts';
import { ITERTOOLS } from './itertools.ts';
import { PYTHON_RE } from './re.ts';
import { offsetMinutes, offsetText, strptime } from './strftime.ts';
import { TimeDelta, timeDelta } from './time-delta.ts';
import { fixedZone, namedZone, TimeZone, UTC } from './time-zones.ts';

const DAY = 86_400_000_000n;

/**
 * dbt's `modules`: what of Python's `datetime`, `pytz`, `re` and `itertools` macros use.
 *
 * @param now the clock, in milliseconds since 1970
 */
export function modulesValue(now: () => number): Thing {
  return new Thing('modules', {
    datetime: datetimeModule(() => BigInt(Math.round(now())) * 1000n),
    pytz: new Thing('modules.pytz', {
      utc: withLocalize(UTC),
      UTC: withLocalize(UTC),
      timezone: ({ positional }) => withLocalize(namedZone(positional[0])),
    }),
    re: PYTHON_RE,
    itertools: ITERTOOLS,
  });
}

function datetimeModule(now: () => bigint): Thing {
  const inUtc = (): PythonDatetime => new PythonDatetime(now(), null);
  const at: Callable = (args) => {
    const { tz } = bind('now', args, ['tz']);
    const zone = zoneOf(tz ?? null);
    return zone === null ? inUtc() : inZone(now(), zone.whole);
  };
  const datetime = new Thing(
    'modules.datetime.datetime',
    {
      now: at,
      today: inUtc,
      utcnow: inUtc,
      strptime: (args) => {
        const { date_string: date, format } = bind('strptime', args, ['date_string', 'format']);
        const read = strptime(stringArgument('strptime()', date), stringArgument('strptime()', format));
        return new PythonDatetime(read.micros, read.minutes === null ? null : fixed(read.minutes));
      },
      fromisoformat: ({ positional }) => isoDatetime(stringArgument('fromisoformat()', positional[0])),
      fromtimestamp: (args) => {
        const { timestamp, tz } = bind('fromtimestamp', args, ['timestamp', 'tz']);
        if (!isNumber(timestamp)) throw new TemplateError('fromtimestamp() needs a number');
        const micros = BigInt(Math.round(Number(numeric(timestamp)) * 1e6));
        const zone = zoneOf(tz ?? null);
        return zone === null ? new PythonDatetime(micros, null) : inZone(micros, zone.whole);
      },
    },
    {
      call: ({ positional, named }) => {
        const zone = zoneOf(named.get('tzinfo') ?? null)?.asItIs() ?? null;
        const others = new Map([...named].filter(([name]) => name !== 'tzinfo'));
        return new PythonDatetime(wallOf('datetime', { positional, named: others }, PARTS), zone);
      },
    },
  );
  const date = new Thing(
    'modules.datetime.date',
    {
      today: () => dayOf(now()),
      fromisoformat: ({ positional }) => dayOf(isoDatetime(stringArgument('fromisoformat()', positional[0])).wall),
    },
    { call: (args) => new PythonDate(wallOf('date', args, PARTS.slice(0, 3))) },
  );
  const timezone = new Thing(
    'modules.datetime.timezone',
    { utc: UTC },
    {
      call: ({ positional }) => {
        const [offset] = positional;
        if (!(offset instanceof TimeDelta)) throw new TemplateError('timezone() needs a timedelta');
        return fixed(Number(offset.micros / 60_000_000n));
      },
    },
  );
  return new Thing('modules.datetime', { datetime, date, timedelta: timeDelta, timezone, UTC });
}

function dayOf(micros: bigint): PythonDate {
  return new PythonDate(micros - (((micros % DAY) + DAY) % DAY));
}

function fixed(minutes: number): TimeZone {
  return fixedZone(minutes, `UTC${offsetText(minutes)}`);
}

/** `2024-01-31`, with a time and an offset after it or not. */
function isoDatetime(source: string): PythonDatetime {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,6}))?(Z|[+-]\d\d:?\d\d)?)?$/.exec(source);
  if (found === null) throw new TemplateError(`Invalid isoformat string: '${source}'`);
  const [, day, time = '00:00', seconds = ':00', fraction = '0', zone] = found;
  const { micros } = strptime(`${day} ${time}${seconds}.${fraction}`, '%Y-%m-%d %H:%M:%S.%f');
  return new PythonDatetime(micros, zone === undefined ? null : fixed(offsetMinutes(zone)));
}

/** pytz's zones put themselves on a time that has none, and right the offset of one that has been computed with. */
function withLocalize(zone: TimeZone): Thing {
  const localize: Callable = ({ positional }) => {
    const [naive] = positional;
    if (!(naive instanceof PythonDatetime)) throw new TemplateError('localize() needs a datetime');
    if (naive.zone !== null) throw new TemplateError('localize(): Not naive datetime (tzinfo is already set)');
    return inZone(new PythonDatetime(naive.wall, zone).utc, zone);
  };
  const normalize: Callable = ({ positional }) => {
    const [aware] = positional;
    if (!(aware instanceof PythonDatetime) || aware.zone === null)
      throw new TemplateError('normalize() needs a datetime with a time zone');
    return inZone(aware.utc, zone);
  };
  return zone.withMethods({ localize, normalize });
}
