import type { Node } from './selection-graph.ts';

type Method = (value: string, path: readonly string[]) => (node: Node) => boolean;

/** The method of a criterion without one: a file or folder when it looks like it, else a name. */
export function methodOf(value: string): string {
  if (/\.(sql|ya?ml)$/.test(value)) return value.includes('/') ? 'path' : 'file';
  return value.includes('/') ? 'path' : 'fqn';
}

/** dbt's selection methods for models: https://docs.getdbt.com/reference/node-selection/methods */
export const SELECTION_METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['fqn', (value) => (node) => node.kind === 'model' && matchesFqn(node, value)],
  ['path', (value) => (node) => node.path !== null && matchesPath(node.path, value.replace(/^\.\/|\/+$/g, ''))],
  ['file', (value) => (node) => node.path !== null && glob(value.replace(/\.\w+$/, '')).test(node.name)],
  ['tag', (value) => (node) => node.tags.some((tag) => glob(value).test(tag))],
  ['source', (value) => (node) => node.kind === 'source' && matchesSource(node, value)],
  ['config', (value, path) => (node) => configValues(node, path).some((one) => glob(value).test(one))],
  ['package', (value) => (node) => node.fqn[0] === value || value === 'this'],
  ['resource_type', (value) => (node) => node.kind === value],
]);

/** A model's name, its whole fqn or the front of it, with or without the project's name; `*`, `?` and `[]` are wild. */
function matchesFqn(node: Node, value: string): boolean {
  if (glob(value).test(node.name)) return true;
  const wanted = value.split('.');
  return [node.fqn, node.fqn.slice(1)].some(
    (fqn) => wanted.length <= fqn.length && wanted.every((part, i) => glob(part).test(fqn[i] as string)),
  );
}

/** The file itself, a folder around it, or a pattern: `*` within a folder, `**` across folders. */
function matchesPath(path: string, value: string): boolean {
  if (path === value || path.startsWith(`${value}/`)) return true;
  const pattern = value
    .split('**')
    .map((part) => glob(part, '[^/]').source.slice(1, -1))
    .join('.*')
    .replaceAll('/.*/', '/(?:.*/)?');
  return new RegExp(`^${pattern}(?:/.*)?$`).test(path);
}

/** `SOURCE` or `SOURCE.TABLE`, either in front of it the project's name. */
function matchesSource(node: Node, value: string): boolean {
  const parts = value.split('.');
  const fqn = parts.length > 2 ? node.fqn : node.fqn.slice(1);
  return parts.length <= fqn.length && parts.every((part, i) => glob(part).test(fqn[i] as string));
}

/** The value or values at `config.a.b`, as texts; a list gives each of its items, a map its keys. */
function configValues(node: Node, path: readonly string[]): string[] {
  let value: unknown = node.config;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'object' && value !== null) return Object.keys(value);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
}

/** Python's fnmatch. `wild` is what a wildcard matches. */
function glob(pattern: string, wild = '[^]'): RegExp {
  const source = pattern.replaceAll(
    /\[(!?)([^\]]+)\]|[*?]|[.+^${}()|[\]\\]/g,
    (match, not: string | undefined, set: string | undefined) => {
      if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`;
      if (match === '*') return `${wild}*`;
      return match === '?' ? wild : `\\${match}`;
    },
  );
  return new RegExp(`^${source}$`);
}
