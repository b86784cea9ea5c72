import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { WarehouseReads } from '../materializer/operations.ts';
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

/** What the warehouse knows of a model. */
export interface ModelSeen {
  /** Null when nothing was spent on it yet. */
  readonly cost: CostSeen | null;
  /** Why it stands still; null when it does not. */
  readonly failure: string | null;
}

const SEEN = `select coalesce(model, name), error, upkeeps, rows_changed, milliseconds::double, rebuilds, rebuild_milliseconds::double, last_at
  from lens.model_costs full join (select name, error from lens.models where state = 'failed') on model = name`;

/** Each model that the warehouse knows. */
export async function modelsSeenBy(reads: WarehouseReads): Promise<Map<string, ModelSeen>> {
  const seen = new Map<string, ModelSeen>();
  const rows = (piece: readonly (readonly unknown[])[]): void => {
    for (const [model, error, upkeeps, rowsChanged, milliseconds, rebuilds, rebuildMilliseconds, lastAt] of piece) {
      const numbers = { upkeeps, rowsChanged, milliseconds, rebuilds, rebuildMilliseconds } as Omit<CostSeen, 'lastAt'>;
      const cost = upkeeps === null ? null : { ...numbers, lastAt: String(lastAt) };
      seen.set(String(model), { cost, failure: error as string | null });
    }
  };
  await reads.streamQuery(SEEN, { maxRows: 1_000_000 }, { columns: () => {}, rows });
  return seen;
}

/** The same from the running service or the warehouse; null without a warehouse, or when its holder does not answer (which is told). */
export async function modelsSeen(settings: Settings, output: Output): Promise<Map<string, ModelSeen> | null> {
  try {
    return await withWarehouseReads(settings, noticePrinter(output), modelsSeenBy);
  } catch (error) {
    if (!(error instanceof LensError)) throw error;
    if (error.code !== 'WAREHOUSE_MISSING') output.notice(`costs are not shown: ${error.message}`);
    return null;
  }
}
