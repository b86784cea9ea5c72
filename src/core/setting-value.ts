import { parse } from 'yaml';
import { LensError, unreachable } from './errors.ts';
import { Float } from './numbers.ts';
import type { SettingDefinition } from './setting-table.ts';
import { AS_PYYAML, yamlProblem } from './yaml-schema.ts';

/**
 * The value of a setting, from text (environment, flag) or from YAML's own types.
 * @param place where it was given, for CONFIG_INVALID
 */
export function parseSetting(definition: SettingDefinition, given: unknown, place: string): unknown {
  const { type } = definition;
  switch (type.kind) {
    case 'text':
      if (typeof given === 'string' && given !== '') return given;
      if (typeof given === 'number') return String(given);
      throw invalid(definition, given, place, 'a text');
    case 'list': {
      const items = (Array.isArray(given) ? given : String(given).split(',')).map((item) => String(item).trim());
      if (items.length > 0 && items.every((item) => /^[^\s:]+:\d+$/.test(item))) return items;
      throw invalid(definition, given, place, 'a list of host:port');
    }
    case 'boolean':
      if (typeof given === 'boolean') return given;
      if (given === 'true' || given === '1') return true;
      if (given === 'false' || given === '0') return false;
      throw invalid(definition, given, place, 'true or false');
    case 'integer': {
      const text = typeof given === 'string' ? given.replaceAll('_', '').trim() : given;
      const value = text === '' ? Number.NaN : Number(text);
      const max = type.max ?? Number.MAX_SAFE_INTEGER;
      if (typeof given !== 'boolean' && Number.isInteger(value) && value >= type.min && value <= max) return value;
      const range = type.max === undefined ? `from ${type.min}` : `from ${type.min} to ${type.max}`;
      throw invalid(definition, given, place, `a whole number ${range}`);
    }
    case 'choice':
      if (typeof given === 'string' && type.choices.includes(given)) return given;
      if (typeof given === 'string' && type.aliases?.[given] !== undefined) return type.aliases[given];
      throw invalid(definition, given, place, `one of ${type.choices.join(', ')}`);
    case 'memory': {
      const megabytes = megabytesOf(given);
      if (megabytes === null) throw invalid(definition, given, place, 'an amount of memory, as 2GB or 512MB');
      if (megabytes >= type.minMegabytes) return String(given).trim();
      throw invalid(definition, given, place, `at least ${type.minMegabytes}MB: less is too little to work with`);
    }
    case 'mapping':
      return mappingOf(definition, given, place);
    default:
      return unreachable(type);
  }
}

const MEMORY_UNITS = new Map([
  ['KB', 1e-3],
  ['MB', 1],
  ['GB', 1e3],
  ['TB', 1e6],
  ['KIB', 1024 / 1e6],
  ['MIB', 1024 ** 2 / 1e6],
  ['GIB', 1024 ** 3 / 1e6],
  ['TIB', 1024 ** 4 / 1e6],
]);

/** Millions of bytes, as DuckDB reads sizes; null for what is none. */
function megabytesOf(given: unknown): number | null {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]i?B)\s*$/i.exec(String(given)) ?? [];
  const factor = MEMORY_UNITS.get(unit?.toUpperCase() ?? '');
  return factor === undefined ? null : Number(number) * factor;
}

/** Mappings are dbt's (`vars`), so texts of them are read as dbt reads YAML. */
function mappingOf(definition: SettingDefinition, given: unknown, place: string): unknown {
  let value = given;
  if (typeof given === 'string') {
    try {
      value = parse(given, AS_PYYAML);
    } catch (error) {
      throw invalid(definition, given, place, `YAML (${yamlProblem(error)})`);
    }
  }
  if (isMapping(value)) return value;
  throw invalid(definition, given, place, 'a mapping of names to values');
}

/** A mapping of YAML as dbt reads it on its command line; null for what is none. */
export function yamlMapping(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = parse(text, AS_PYYAML) as unknown;
    return isMapping(value) ? value : null;
  } catch {
    return null;
  }
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Float);
}

function invalid(definition: SettingDefinition, given: unknown, place: string, expected: string): LensError {
  const shown = definition.secret === true ? 'this value' : JSON.stringify(given);
  return new LensError('CONFIG_INVALID', `${definition.key} must be ${expected}, not ${shown}`, {
    place,
    hint: `${definition.key}: ${definition.description}`,
  });
}
