import type { DocumentOptions, ParseOptions, ScalarTag, SchemaOptions } from 'yaml';
import { messageOf } from './errors.ts';
import { Float, whole } from './numbers.ts';

/**
 * Plain scalars as PyYAML, which dbt reads YAML with, resolves them: the rules of YAML 1.1 as `yaml/resolver.py` and
 * `yaml/constructor.py` have them. They differ from the `yaml` package's 1.1 schema: there `y` and `n` are booleans and
 * `1e3` is a number. Whole numbers are exact, and a float stays one without a fraction, too.
 */
const TAGS: ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL|)$/, () => null),
  scalar('bool', /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/, (text) =>
    /^(?:yes|true|on)$/i.test(text),
  ),
  scalar(
    'int',
    /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
    wholeNumber,
  ),
  scalar(
    'float',
    /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
    (text) => new Float(floatNumber(text)),
  ),
  // a date stays the text that Python prints for it
  scalar(
    'timestamp',
    /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?$/,
    timestampText,
  ),
];

/**
 * Options of the parser. Keys are read as texts: PyYAML reads `on:` as True, a name nobody asks for, and `1:` as a
 * number.
 */
export const AS_PYYAML: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  schema: 'failsafe',
  customTags: TAGS,
  merge: true,
  stringKeys: true,
};

function scalar(name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag {
  return { tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve };
}

function signed(text: string): { sign: 1 | -1; digits: string } {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  return { sign: text.startsWith('-') ? -1 : 1, digits };
}

function wholeNumber(text: string): number | bigint {
  const { sign, digits } = signed(text);
  // a leading 0 is octal; 12:30:00 counts in sixties
  const octal = /^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits;
  const value = octal.split(':').reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  return whole(BigInt(sign) * value);
}

function floatNumber(text: string): number {
  const { sign, digits } = signed(text.toLowerCase());
  if (digits === '.nan') return Number.NaN;
  if (digits === '.inf') return sign * Number.POSITIVE_INFINITY;
  return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** `str()` of the datetime: a space before the time, two digits each, microseconds when there are any, then the zone. */
function timestampText(text: string): string {
  const [, year, month, day, hour, minute, second, fraction = '', zone = ''] = TIMESTAMP.exec(text) ?? [];
  const two = (part = ''): string => part.padStart(2, '0');
  const micros = fraction.slice(0, 6).padEnd(6, '0');
  const point = Number(micros) === 0 ? '' : `.${micros}`;
  const [hours = '', minutes] = zone.slice(1).split(':');
  const offset = zone === '' ? '' : zone === 'Z' ? '+00:00' : `${zone[0]}${two(hours)}:${two(minutes)}`;
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${minute}:${second}${point}${offset}`;
}
const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt]|[ \t]+)(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d{1,2}(?::\d{2})?))?$/;

/** The first line of what is wrong with a YAML text, without the place, which is told beside it. */
export function yamlProblem(error: unknown): string {
  return (messageOf(error).split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
}
