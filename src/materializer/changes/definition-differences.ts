import { unifiedDiff } from '../../core/line-diff.ts';
import { withoutLayout } from '../../project/sql-layout.ts';
import type { ColumnChange, Difference, Upkeep } from './change-plan.ts';
import type { ModelDefinition } from './model-definition.ts';

/** What of a model's definition is another, as far as rows may follow from it. */
export function definitionDifferences(before: ModelDefinition | undefined, after: ModelDefinition): Difference[] {
  if (before === undefined) return [{ part: 'unknown' }];
  const found: Difference[] = [];
  if (withoutLayout(before.sql) !== withoutLayout(after.sql)) {
    found.push({ part: 'sql', diff: unifiedDiff(before.sql.trim(), after.sql.trim()) });
  }
  found.push(...configDifferences(before, after));
  const columns = columnChanges(before.columns, after.columns);
  const reordered = columns.length === 0 && !same(before.columns, after.columns);
  if (columns.length > 0 || reordered) found.push({ part: 'columns', columns, reordered });
  const [from, to] = [relationName(before), relationName(after)];
  if (from !== to) found.push({ part: 'relation', before: from, after: to });
  const [kept, keeps] = [upkeepOf(before), upkeepOf(after)];
  if (!same({ ...kept, reason: null }, { ...keeps, reason: null })) {
    found.push({ part: 'upkeep', before: kept, after: keeps });
  }
  // The check of a unique_key is all that is left, and where it is due follows from the SQL of others.
  return found.length === 0 && !same(before.checkedKey, after.checkedKey)
    ? [{ part: 'config', key: 'unique_key (checked)', ...sides(before.checkedKey, after.checkedKey) }]
    : found;
}

/** Columns that come, go or change their type. */
function columnChanges(before: ModelDefinition['columns'], after: ModelDefinition['columns']): ColumnChange[] {
  const names = new Set([...before, ...after].map(({ name }) => name));
  const typeIn = (columns: ModelDefinition['columns'], name: string): string | null =>
    columns.find((column) => column.name === name)?.type ?? null;
  return [...names]
    .map((name) => ({ name, before: typeIn(before, name), after: typeIn(after, name) }))
    .filter((change) => change.before !== change.after);
}

export function relationName({ schema, identifier }: Pick<ModelDefinition, 'schema' | 'identifier'>): string {
  return `${schema}.${identifier}`;
}

function configDifferences(before: ModelDefinition, after: ModelDefinition): Difference[] {
  const [from, to] = [withMaterialized(before), withMaterialized(after)];
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return keys
    .filter((key) => !same(from[key], to[key]))
    .map((key) => ({ part: 'config', key, ...sides(from[key], to[key]) }));
}

/** A model without `materialized` is a view all the same. */
function withMaterialized({ config, materialized }: ModelDefinition): Record<string, unknown> {
  return { ...config, materialized };
}

function sides(before: unknown, after: unknown): { before: string | null; after: string | null } {
  const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));
  return { before: json(before), after: json(after) };
}

function upkeepOf({ strategy, upkeep, key, reason }: ModelDefinition): Upkeep {
  return { strategy, upkeep, key, reason };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
