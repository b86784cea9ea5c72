import type { NodeResult } from '../materializer/nodes/node-results.ts';
import type { WarehouseOperations } from '../materializer/operations.ts';
import type { SeedSummary } from '../materializer/runs/seed-run.ts';
import { queryRows } from '../materializer/dead-letters/query-rows.ts';
import { withWarehouse } from '../service/hold-warehouse.ts';
import { ident, qualified } from '../warehouse/sql.ts';
import { hooksCounted, withHooks } from './command-hooks.ts';
import { eventPrinter } from './event-printer.ts';
import { namesOf, type NodeCommand, type NodeFlags, NOTHING_DONE } from './node-command.ts';
import { progressPrinter } from './node-lines.ts';
import { counted } from './numbers.ts';
import { Progress } from './progress.ts';
import { oneLine, textTable } from './text-table.ts';

export interface SeedFlags extends NodeFlags {
  readonly fullRefresh?: boolean;
  readonly show?: boolean;
}

/** Rows that `--show` prints of a seed. */
const SHOWN_ROWS = 10;

/** `lens seed`: loads the selected seeds from their files. */
export async function seedNodes(flags: SeedFlags, nodes: NodeCommand): Promise<void> {
  const { settings, output } = nodes.invocation;
  const selected = nodes.selected(['seed']);
  if (selected.length === 0) return nodes.end(NOTHING_DONE);
  using progress = new Progress(output);
  const seeds = namesOf(nodes.project.seeds, selected);
  const opening = { onEvent: eventPrinter(output, progress, 'as they come', seeds), create: true } as const;
  const asked = { seeds, fullRefresh: flags.fullRefresh, facts: nodes.facts };
  const print = progressPrinter(nodes.console);
  const load = async (operations: WarehouseOperations): Promise<SeedSummary & { shown: readonly string[] }> => {
    const summary = await operations.seed(asked);
    const total = summary.results.length;
    summary.results.forEach((result, at) => {
      print({ kind: 'start', index: at + 1, total, node: result });
      print({ kind: 'result', index: at + 1, total, result });
    });
    const shown: string[] = [];
    for (const { status, name } of flags.show === true ? summary.results : []) {
      const seed = nodes.project.seeds.find((one) => one.name === name);
      if (status !== 'success' || seed === undefined) continue;
      const sql = `select * from ${qualified(seed.schema, seed.alias)} limit ${SHOWN_ROWS}`;
      shown.push(tableText(`${seed.schema}.${ident(seed.alias).slice(1, -1)}`, await queryRows(operations, sql)));
    }
    return { ...summary, shown };
  };
  const ids = selected.map(({ uniqueId }) => uniqueId);
  const done = await withWarehouse(settings, opening, (operations) =>
    withHooks(
      operations,
      nodes,
      ids,
      print,
      () => load(operations),
      (results) => ({ results, milliseconds: 0, shown: [] }),
    ),
  );
  for (const text of done.shown) output.result(`\n${text}`);
  const total = done.results.filter(({ resourceType }) => resourceType === 'seed').length;
  const what = `${hooksCounted(done.results)}${counted(total, 'seed')}`;
  nodes.end({ ...done, interrupted: false, what, remarks: remarksOf(done.results) });
}

function remarksOf(results: readonly NodeResult[]): string[] {
  return results.flatMap(({ resourceType, remarks }) => (resourceType === 'operation' ? [] : remarks));
}

function tableText(name: string, rows: readonly Readonly<Record<string, unknown>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = rows.map((row) => columns.map((column) => oneLine(shownValue(row[column]))));
  const title = `Random sample of table: ${name}`;
  return [
    title,
    '-'.repeat(title.length),
    textTable(
      columns.map((column) => ({ name: column })),
      cells,
    ),
  ].join('\n');
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
