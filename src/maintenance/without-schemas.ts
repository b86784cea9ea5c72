import type { PlanCatalog } from '../warehouse/plan-catalog.ts';
import { tablesNamed } from './analysis/duckdb/tables-named.ts';
import type { Relation } from './maintenance-plan.ts';
import type { Naming } from './written-plan.ts';

type Node = Record<string, unknown>;

/**
 * The SELECT with names that common table expressions can stand in for where it names tables by schema and name, as many projects do in
 * place of source(). Unchanged where it names none, or DuckDB cannot write it anew.
 *
 * @param tables those that are named so; a model must be read by ref(), which tells what comes first
 */
export async function withoutSchemas(
  catalog: PlanCatalog,
  sql: string,
  tables: readonly Relation[],
  alias: Naming,
): Promise<string> {
  const named = tablesNamed(await catalog.parsed(sql)).filter(({ schema }) => schema !== '');
  if (named.length === 0) return sql;
  const written = await catalog.rewritten(sql, (node) => {
    rename(node, tables, alias);
    return true;
  });
  return written ?? sql;
}

function rename(value: unknown, tables: readonly Relation[], alias: Naming): void {
  if (Array.isArray(value)) return value.forEach((one) => rename(one, tables, alias));
  if (typeof value !== 'object' || value === null) return;
  const node = value as Node;
  if (node['type'] === 'BASE_TABLE' && node['catalog_name'] === '') {
    const [schema, name] = [String(node['schema_name']).toLowerCase(), String(node['table_name'])];
    const found = tables.find(
      (one) => one.schema.toLowerCase() === schema && one.identifier.toLowerCase() === name.toLowerCase(),
    );
    if (found !== undefined) {
      node['schema_name'] = '';
      node['table_name'] = alias(found);
      // its columns are still named by it
      if (node['alias'] === '') node['alias'] = name;
    }
  }
  Object.values(node).forEach((one) => rename(one, tables, alias));
}
