import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import { withWarehouseReads } from '../service/hold-warehouse.ts';
import { noticePrinter } from './event-printer.ts';
import type { Output } from './output.ts';

/** What the upkeep of a model has cost since it is as it is. */
export interface CostSeen {
  /** Batches or compactions that brought it up to date, and the rows that left and came. */
  readonly upkeeps: number;
  readonly rowsChanged: number;
  readonly milliseconds: number;
  readonly rebuilds: number;
  readonly rebuildMilliseconds: number;
  /** ISO 8601. */
  readonly lastAt: string;
}

const COSTS = `select model, upkeeps, rows_changed, milliseconds::double, rebuilds, rebuild_milliseconds::double, last_at
  from lens.model_costs`;

/** Of each model, from the running service or the warehouse; null without a warehouse, or when its holder does not answer (which is told). */
export async function costsSeen(settings: Settings, output: Output): Promise<Map<string, CostSeen> | null> {
  const costs = new Map<string, CostSeen>();
  const rows = (piece: readonly (readonly unknown[])[]): void => {
    for (const [model, upkeeps, rowsChanged, milliseconds, rebuilds, rebuildMilliseconds, lastAt] of piece) {
      const numbers = { upkeeps, rowsChanged, milliseconds, rebuilds, rebuildMilliseconds } as Omit<CostSeen, 'lastAt'>;
      costs.set(String(model), { ...numbers, lastAt: String(lastAt) });
    }
  };
  try {
    await withWarehouseReads(settings, noticePrinter(output), (reads) =>
      reads.streamQuery(COSTS, { maxRows: 1_000_000 }, { columns: () => {}, rows }),
    );
    return costs;
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    if (error.code !== 'WAREHOUSE_MISSING') output.notice(`costs are not shown: ${error.message}`);
    return null;
  }
}
