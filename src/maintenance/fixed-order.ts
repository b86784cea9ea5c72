import type { CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';

interface Modifier {
  readonly type: string;
  readonly orders?: unknown[];
}

/**
 * The same SELECT with an order in which no two different rows tie: that which it has, then all its columns. So its answer is a function of
 * the rows it reads, also where it says nothing of an order, or orders by a count that several values share. One that cannot be written
 * anew stays as it is.
 */
export async function inFixedOrder(
  catalog: PlanCatalog,
  sql: string,
  columns: readonly CatalogColumn[],
): Promise<string> {
  const written = await catalog.rewritten(sql, (node) => addOrder(node, columns.length));
  if (written === null) return sql;
  const same = await catalog.describe(written).then(
    (found) => JSON.stringify(found) === JSON.stringify(columns),
    () => false,
  );
  return same ? written : sql;
}

/** @param node the outermost SELECT, as json_serialize_sql has it */
function addOrder(node: Record<string, unknown>, columns: number): boolean {
  const modifiers = node['modifiers'] as Modifier[] | undefined;
  if (modifiers === undefined) return false;
  const own = modifiers.find(({ type }) => type === 'ORDER_MODIFIER');
  const byPosition = Array.from({ length: columns }, (_, at) => position(at + 1));
  if (own?.orders !== undefined) {
    // ORDER BY ALL has no ties, and stands alone
    if (!JSON.stringify(own.orders).includes('"STAR"')) own.orders.push(...byPosition);
    return true;
  }
  // after DISTINCT, before LIMIT
  const at = modifiers.findIndex(({ type }) => type !== 'DISTINCT_MODIFIER');
  modifiers.splice(at === -1 ? modifiers.length : at, 0, { type: 'ORDER_MODIFIER', orders: byPosition });
  return true;
}

function position(value: number): unknown {
  return {
    type: 'ORDER_DEFAULT',
    null_order: 'ORDER_DEFAULT',
    expression: {
      class: 'CONSTANT',
      type: 'VALUE_CONSTANT',
      alias: '',
      query_location: 0,
      value: { type: { id: 'INTEGER', type_info: null }, is_null: false, value },
    },
  };
}
