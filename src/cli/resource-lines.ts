import type { Resource } from '../project/resource-graph.ts';
import { pythonJson } from './python-json.ts';

export const LIST_OUTPUTS = ['selector', 'name', 'path', 'json'] as const;

export type ListOutput = (typeof LIST_OUTPUTS)[number];

/** What `dbt ls --output json` prints of a node without `--output-keys`. */
const JSON_KEYS: ReadonlySet<string> = new Set(
  `alias name package_name depends_on tags config resource_type source_name original_file_path unique_id`.split(' '),
);

type Node = Readonly<Record<string, unknown>>;

/**
 * A line per resource, in the words of `dbt ls`.
 *
 * @param nodeOf the resource as the manifest has it, for `json`
 * @param keys of `json`; one with dots is a value further down
 */
export function resourceLine(
  resource: Resource,
  output: ListOutput,
  nodeOf: (resource: Resource) => Node,
  keys: readonly string[] | undefined,
): string {
  if (output === 'path') return resource.path;
  if (output === 'name') {
    return resource.sourceName === null ? resource.name : `${resource.sourceName}.${resource.name}`;
  }
  if (output === 'json') return pythonJson(chosen(nodeOf(resource), keys));
  const { resourceType, packageName, sourceName, name, fqn } = resource;
  if (resourceType === 'source') return `source:${packageName}.${sourceName}.${name}`;
  if (resourceType === 'exposure' || resourceType === 'unit_test') return `${resourceType}:${packageName}.${name}`;
  return fqn.join('.');
}

function chosen(node: Node, keys: readonly string[] | undefined): Node {
  if (keys === undefined) return Object.fromEntries(Object.entries(node).filter(([key]) => JSON_KEYS.has(key)));
  const found = keys.map((key): [string, unknown] => {
    if (!key.includes('.')) return [key, node[key]];
    return [key, key.split('.').reduce(below, node) ?? undefined];
  });
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

function below(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Node)[key];
}
