type Node = Readonly<Record<string, unknown>>;

/** The tables that a parsed SELECT (json_serialize_sql) names and that are no common table expressions of its own. */
export function tablesNamed(parsed: unknown): { readonly schema: string; readonly table: string }[] {
  const tables: { schema: string; table: string }[] = [];
  const expressions = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== 'object' || value === null) return;
    const node = value as Node;
    if (node['type'] === 'BASE_TABLE') {
      tables.push({ schema: node['schema_name'] as string, table: node['table_name'] as string });
    }
    const ctes = (node['cte_map'] as { map?: readonly { key: string }[] } | undefined)?.map ?? [];
    for (const { key } of ctes) expressions.add(key.toLowerCase());
    Object.values(node).forEach(visit);
  };
  visit(parsed);
  return tables.filter(({ schema, table }) => schema !== '' || !expressions.has(table.toLowerCase()));
}
