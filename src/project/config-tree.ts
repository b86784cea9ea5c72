import { isYamlRecord, type YamlRecord } from './yaml-file.ts';

export type Config = Readonly<Record<string, unknown>>;

/** Keys whose values add up over the levels; all others are replaced by the more specific level. */
const LISTS = new Set(['tags', 'pre_hook', 'post_hook']);

/** dbt's rule for two levels of configuration: tags and hooks are joined, `meta` is merged by key, the rest replaced. */
export function mergeConfig(base: Config, over: Config): Config {
  const merged: Record<string, unknown> = { ...base };
  for (const [rawKey, value] of Object.entries(over)) {
    const key = rawKey.replaceAll('-', '_');
    if (LISTS.has(key)) merged[key] = [...new Set([...asList(merged[key]), ...asList(value)])];
    else if (key === 'meta' && isYamlRecord(value))
      merged[key] = { ...(isYamlRecord(merged[key]) ? merged[key] : {}), ...value };
    else merged[key] = value;
  }
  return merged;
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
  let config = levelConfig(tree, fqn[0], render);
  let level: unknown = tree;
  for (let i = 0; i < fqn.length; i++) {
    level = isYamlRecord(level) ? level[fqn[i] as string] : undefined;
    if (!isYamlRecord(level)) break;
    config = mergeConfig(config, levelConfig(level, fqn[i + 1], render));
  }
  return config;
}

function levelConfig(level: YamlRecord, next: string | undefined, render: (value: unknown) => unknown): Config {
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(level)) {
    if (key.startsWith('+')) own[key.slice(1)] = render(value);
    else if (key !== next && (!isYamlRecord(value) || key === 'meta')) own[key] = render(value);
  }
  return mergeConfig({}, own);
}
