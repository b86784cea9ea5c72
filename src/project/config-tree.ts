import { isYamlRecord, type YamlRecord } from './yaml-file.ts';

export type Config = Readonly<Record<string, unknown>>;

/** Keys whose values add up over the levels; all others are replaced by the more specific level. */
const LISTS = new Set(['tags']);

/** Keys whose texts are rendered when they are run, and not when they are read. */
export const LATE = new Set(['pre_hook', 'post_hook', 'pre-hook', 'post-hook']);

/** dbt's rule for two levels of configuration: tags and hooks are joined, `meta` is merged by key, the rest replaced. */
export function mergeConfig(base: Config, over: Config): Config {
  const merged: Record<string, unknown> = { ...base };
  for (const [rawKey, value] of Object.entries(over)) {
    const key = rawKey.replaceAll('-', '_');
    if (LATE.has(key)) merged[key] = [...asList(merged[key]), ...asList(value)];
    else if (LISTS.has(key)) merged[key] = [...new Set([...asList(merged[key]), ...asList(value)])];
    else if (key === 'meta' && isYamlRecord(value))
      merged[key] = { ...(isYamlRecord(merged[key]) ? merged[key] : {}), ...value };
    else merged[key] = value;
  }
  return merged;
}

/**
 * The configuration as it is written, nothing rendered: dbt's `unrendered_config`. A more specific level replaces the whole value,
 * also where values add up otherwise.
 */
export function writtenConfig(tree: YamlRecord, fqn: readonly string[], ...over: readonly Config[]): Config {
  return Object.assign({}, ...treeLevels(tree, fqn), ...over) as Config;
}

export function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/**
 * The configuration that a tree of dbt_project.yml gives to a resource: at every level on the way along its fqn, the
 * keys with a `+`, and those without whose value is not itself a level.
 */
export function treeConfig(tree: YamlRecord, fqn: readonly string[], render: (value: unknown) => unknown): Config {
  return treeLevels(tree, fqn)
    .map((level) =>
      Object.fromEntries(Object.entries(level).map(([key, value]) => [key, LATE.has(key) ? value : render(value)])),
    )
    .reduce(mergeConfig, {});
}

/** What each level says, from the outermost on, as it is written. */
function treeLevels(tree: YamlRecord, fqn: readonly string[]): Config[] {
  const levels = [levelConfig(tree, fqn[0])];
  let level: unknown = tree;
  for (let i = 0; i < fqn.length; i++) {
    level = isYamlRecord(level) ? level[fqn[i] as string] : undefined;
    if (!isYamlRecord(level)) break;
    levels.push(levelConfig(level, fqn[i + 1]));
  }
  return levels;
}

function levelConfig(level: YamlRecord, next: string | undefined): Config {
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(level)) {
    if (key.startsWith('+')) own[key.slice(1)] = value;
    else if (key !== next && (!isYamlRecord(value) || key === 'meta')) own[key] = value;
  }
  return own;
}
