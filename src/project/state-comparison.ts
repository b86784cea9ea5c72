import { isDeepStrictEqual } from 'node:util';
import { LensError } from '../core/errors.ts';
import type { Resource } from './resource-graph.ts';

type Json = Readonly<Record<string, unknown>>;

/** dbt's own packages: their macros are part of the product, not of a project that is compared. */
const OF_DBT = /^macro\.dbt(_duckdb)?\./;

const PARTS = ['nodes', 'sources', 'exposures', 'unit_tests'] as const;

/** What of a configuration does not make a node another one; tests have only some keys that do. */
const NOT_COMPARED: ReadonlySet<string> = new Set(['alias', 'schema', 'database', 'tags', 'group']);
const OF_TESTS: readonly string[] =
  `severity where limit fail_calc warn_if error_if store_failures store_failures_as`.split(' ');

type Check = (now: Json, before: Json | undefined, kind: Resource['resourceType']) => boolean;

/**
 * Two manifests, that of the project and an earlier one, of dbt or of this product, compared as dbt's `state:` does
 * (`StateSelectorMethod` and the `same_*` of graph/nodes.py in dbt-core).
 */
export class StateComparison {
  readonly #now: Json;
  readonly #before: Json;
  #changedMacros: ReadonlySet<string> | null = null;

  constructor(now: Json, before: Json) {
    this.#now = now;
    this.#before = before;
  }

  /** Whether a resource is what `state:VALUE` names. USAGE for a value that is not there. */
  matcher(value: string): (resource: Resource) => boolean {
    const checks: Readonly<Record<string, Check>> = {
      new: (_, before) => before === undefined,
      old: (_, before) => before !== undefined,
      modified: (now, before, kind) => this.#modified(now, before, kind),
      unmodified: (now, before, kind) => !this.#modified(now, before, kind),
      'modified.body': (now, before, kind) => isNode(kind) && (before === undefined || !sameBody(now, before, kind)),
      'modified.configs': (now, before, kind) =>
        kind !== 'unit_test' && (before === undefined || !sameConfig(now, before, kind)),
      'modified.persisted_descriptions': (now, before, kind) =>
        isNode(kind) && (before === undefined || !samePersistedDescription(now, before)),
      'modified.relation': (now, before, kind) =>
        (isNode(kind) || kind === 'source') && (before === undefined || !sameRelation(now, before, kind)),
      'modified.macros': (now) => this.#callsChangedMacro(now),
      'modified.contract': (now, before, kind) =>
        isNode(kind) && (before === undefined || !sameContract(now, before, kind)),
    };
    const check = checks[value];
    if (check === undefined) {
      throw new LensError('USAGE', `Got an invalid selector "${value}" of state:`, {
        hint: `use one of ${Object.keys(checks).join(', ')}`,
      });
    }
    return ({ uniqueId, resourceType }) => {
      const now = nodeOf(this.#now, uniqueId);
      return now !== undefined && check(now, nodeOf(this.#before, uniqueId), resourceType);
    };
  }

  #modified(now: Json, before: Json | undefined, kind: Resource['resourceType']): boolean {
    const contract = kind === 'model' && before !== undefined && !sameContract(now, before, kind);
    return !sameContents(now, before, kind) || contract || this.#callsChangedMacro(now);
  }

  /** Whether a node calls a macro that is another one now, also by way of macros. */
  #callsChangedMacro(node: Json): boolean {
    this.#changedMacros ??= changedMacros(mapOf(this.#now['macros']), mapOf(this.#before['macros']));
    const macros = mapOf(this.#now['macros']);
    const waiting = macrosOf(node);
    const seen = new Set<string>();
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      if (this.#changedMacros.has(id)) return true;
      waiting.push(...macrosOf(mapOf(macros[id])));
    }
    return false;
  }
}

function changedMacros(now: Json, before: Json): Set<string> {
  const ids = new Set([...Object.keys(now), ...Object.keys(before)].filter((id) => !OF_DBT.test(id)));
  // dbt keeps white space around a macro, where its tags eat it
  const textOf = (macro: unknown): unknown => {
    const text = mapOf(macro)['macro_sql'];
    return typeof text === 'string' ? text.trim() : text;
  };
  return new Set([...ids].filter((id) => textOf(now[id]) !== textOf(before[id])));
}

function macrosOf(node: Json): string[] {
  const macros = mapOf(node['depends_on'])['macros'];
  return Array.isArray(macros) ? macros.filter((one) => typeof one === 'string') : [];
}

function nodeOf(manifest: Json, uniqueId: string): Json | undefined {
  for (const part of PARTS) {
    const found = mapOf(manifest[part])[uniqueId];
    if (found !== undefined) return mapOf(found);
  }
  return undefined;
}

/** Whether dbt counts it among the nodes of the manifest. */
function isNode(kind: Resource['resourceType']): boolean {
  return ['model', 'seed', 'test', 'analysis'].includes(kind);
}

function sameContents(now: Json, before: Json | undefined, kind: Resource['resourceType']): boolean {
  // a source or exposure that is new is no change of anything, in dbt's eyes
  if (before === undefined) return kind === 'source' || kind === 'exposure';
  const same = (...keys: string[]): boolean => keys.every((key) => equal(now[key], before[key]));
  if (kind === 'unit_test') return same('checksum');
  if (kind === 'source') {
    return (
      same('fqn', 'quoting', 'freshness', 'loaded_at_field', 'external') &&
      sameRelation(now, before, kind) &&
      sameConfig(now, before, kind)
    );
  }
  if (kind === 'exposure') {
    return (
      same('fqn', 'type', 'owner', 'maturity', 'url', 'description', 'label') &&
      isDeepStrictEqual(new Set(nodesOf(now)), new Set(nodesOf(before))) &&
      sameConfig(now, before, kind)
    );
  }
  if (isGenericTest(now)) return sameConfig(now, before, kind) && same('fqn');
  return (
    sameBody(now, before, kind) &&
    sameConfig(now, before, kind) &&
    samePersistedDescription(now, before) &&
    same('fqn') &&
    sameRelation(now, before, kind) &&
    sameContract(now, before, kind) &&
    (kind !== 'model' || same('access', 'latest_version', 'deprecation_date'))
  );
}

function nodesOf(node: Json): unknown[] {
  const nodes = mapOf(node['depends_on'])['nodes'];
  return Array.isArray(nodes) ? nodes : [];
}

function isGenericTest(node: Json): boolean {
  return node['test_metadata'] !== undefined;
}

function sameBody(now: Json, before: Json, kind: Resource['resourceType']): boolean {
  return equal(now[kind === 'seed' ? 'checksum' : 'raw_code'], before[kind === 'seed' ? 'checksum' : 'raw_code']);
}

/** As it was written, so that what a target makes of it does not count. */
function sameConfig(now: Json, before: Json, kind: Resource['resourceType']): boolean {
  const [one, other] = [now, before].map((node) => mapOf(node['unrendered_config'])) as [Json, Json];
  const all = new Set([...Object.keys(one), ...Object.keys(other)]);
  const keys = kind === 'test' ? OF_TESTS : [...all].filter((key) => !isNode(kind) || !NOT_COMPARED.has(key));
  return keys.every((key) => equal(one[key], other[key]));
}

/** Descriptions count where they are written into the warehouse. */
function samePersistedDescription(now: Json, before: Json): boolean {
  const persist = mapOf(mapOf(now['config'])['persist_docs']);
  if (persist['relation'] === true && now['description'] !== before['description']) return false;
  if (persist['columns'] !== true) return true;
  const descriptions = (node: Json): unknown =>
    Object.entries(mapOf(node['columns'])).map(([name, column]) => [name, mapOf(column)['description']]);
  return isDeepStrictEqual(descriptions(now), descriptions(before));
}

/** Of a source its schema and identifier: there is one warehouse, so its name does not count. */
function sameRelation(now: Json, before: Json, kind: Resource['resourceType']): boolean {
  const same = (one: Json, other: Json, keys: string[]): boolean => keys.every((key) => equal(one[key], other[key]));
  if (kind === 'source') return same(now, before, ['schema', 'identifier']);
  return same(mapOf(now['unrendered_config']), mapOf(before['unrendered_config']), ['database', 'schema', 'alias']);
}

function sameContract(now: Json, before: Json, kind: Resource['resourceType']): boolean {
  if (kind !== 'model') return true;
  const [one, other] = [now, before].map((node) => mapOf(node['contract'])) as [Json, Json];
  if (one['enforced'] !== true && other['enforced'] !== true) return true;
  return one['enforced'] === other['enforced'] && one['checksum'] === other['checksum'];
}

/** Nothing said, null and an empty map or list are the same. */
function equal(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(plain(one), plain(other));
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.keys(value).length === 0 ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}

function mapOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** Unique ids of what ended so in the run_results.json of a state. */
export function idsWithResult(runResults: Json, status: string): Set<string> {
  const results = Array.isArray(runResults['results']) ? runResults['results'].map(mapOf) : [];
  return new Set(results.filter((one) => one['status'] === status).map((one) => String(one['unique_id'])));
}

/** Sources that have newer rows than in the sources.json of a state, or that it does not know. */
export function fresherSources(current: Json, before: Json): Set<string> {
  const loaded = (sources: Json): Map<string, string> => {
    const results = Array.isArray(sources['results']) ? sources['results'].map(mapOf) : [];
    return new Map(
      results
        .filter((one) => typeof one['max_loaded_at'] === 'string')
        .map((one) => [String(one['unique_id']), String(one['max_loaded_at'])]),
    );
  };
  const earlier = loaded(before);
  return new Set(
    [...loaded(current)]
      .filter(([id, at]) => Date.parse(at) > Date.parse(earlier.get(id) ?? '0000-01-01'))
      .map(([id]) => id),
  );
}
