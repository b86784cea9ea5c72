import { isMap, isScalar, LineCounter, parse, parseDocument, type YAMLMap } from 'yaml';
import { closestName } from './closest-name.ts';
import { LensError } from './errors.ts';
import { type SettingDefinition, SETTINGS } from './setting-table.ts';
import { parseSetting } from './setting-value.ts';
import { AS_PYYAML } from './yaml-schema.ts';

/**
 * The settings in the text of a `lens.yml`, by key. CONFIG_INVALID with `FILE:LINE` for what is not YAML, an unknown
 * key (with the closest known one) and a value out of its type or range.
 */
export function readSettingsFile(text: string, file: string): ReadonlyMap<string, unknown> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}`;
  const [failure] = document.errors;
  if (failure !== undefined) {
    throw new LensError('CONFIG_INVALID', `the YAML cannot be read: ${failure.message}`, {
      place: at(failure.pos[0]),
      hint: 'check the indentation and quotes there',
    });
  }
  const found = new Map<string, unknown>();
  if (document.contents === null) return found;
  if (!isMap(document.contents)) {
    throw new LensError('CONFIG_INVALID', 'settings are a mapping of names to values', { place: file });
  }
  // What the project reads, too, is read as dbt reads YAML.
  const asDbt = parse(text, AS_PYYAML) as Readonly<Record<string, unknown>>;
  const valueOf = ({ key, type }: SettingDefinition, value: unknown): unknown =>
    type.kind === 'mapping' ? asDbt[key] : ((value as { toJSON?(): unknown } | null)?.toJSON?.() ?? null);
  walk(document.contents, '', { at, valueOf, found });
  return found;
}

interface Reading {
  /** A place in the text as `FILE:LINE`. */
  readonly at: (offset: number) => string;
  readonly valueOf: (definition: SettingDefinition, value: unknown) => unknown;
  readonly found: Map<string, unknown>;
}

function walk(map: YAMLMap, prefix: string, reading: Reading): void {
  const { at, valueOf, found } = reading;
  for (const pair of map.items) {
    if (!isScalar(pair.key)) throw new LensError('CONFIG_INVALID', 'a setting has a name of text', { place: at(0) });
    const key = prefix + String(pair.key.value);
    const place = at(pair.key.range?.[0] ?? 0);
    const definition = SETTINGS.find((one) => one.key === key && one.inFile !== false);
    const value = pair.value;
    if (definition !== undefined) {
      const given = valueOf(definition, value);
      if (given !== null) found.set(key, parseSetting(definition, given, place));
    } else if (SETTINGS.some((one) => one.key.startsWith(`${key}.`))) {
      if (isMap(value)) walk(value, `${key}.`, reading);
      else if (!isScalar(value) || value.value !== null) {
        throw new LensError('CONFIG_INVALID', `${key} is a group of settings`, {
          place,
          hint: `write ${key}: and its settings below`,
        });
      }
    } else throw unknown(key, place);
  }
}

function unknown(key: string, place: string): LensError {
  const known = SETTINGS.filter((one) => one.inFile !== false).map((one) => one.key);
  const closest = closestName(key, known);
  return new LensError('CONFIG_INVALID', `there is no setting ${key}`, {
    place,
    hint: closest === undefined ? `the settings are ${known.join(', ')}` : `did you mean ${closest}?`,
  });
}
