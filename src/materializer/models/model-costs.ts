import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';

/** What the upkeep of one model has cost. */
export interface ModelCost {
  readonly upkeeps: number;
  readonly rowsChanged: number;
  readonly milliseconds: number;
  readonly rebuilds: number;
  readonly rebuildMilliseconds: number;
  readonly rebuildRows: number;
}

const DUE_MS = 10_000;

const NOTHING: ModelCost = {
  upkeeps: 0,
  rowsChanged: 0,
  milliseconds: 0,
  rebuilds: 0,
  rebuildMilliseconds: 0,
  rebuildRows: 0,
};

/**
 * What the upkeep of models costs, gathered in memory and added to `lens.model_costs` now and then (a batch every ten seconds, a
 * compaction, a build, the end): a batch has other things to write, and what a crash loses of it says nothing about the data.
 */
export class ModelCosts {
  #costs = new Map<string, ModelCost>();
  #written = Number.NEGATIVE_INFINITY;

  /** Whether something has waited for long enough: where nothing is kept by compaction, there is none to write it. */
  get due(): boolean {
    return this.#costs.size > 0 && performance.now() - this.#written > DUE_MS;
  }

  /** Brought up to date by a batch or a compaction. `work` gives the number of rows changed; null when nothing touched it. */
  async upkeep<Rows extends number | null>(model: string, work: () => Promise<Rows>): Promise<Rows> {
    const started = performance.now();
    const rows = await work();
    const milliseconds = performance.now() - started;
    if (rows !== null) {
      this.#add(model, (cost) => ({
        ...cost,
        upkeeps: cost.upkeeps + 1,
        rowsChanged: cost.rowsChanged + rows,
        milliseconds: cost.milliseconds + milliseconds,
      }));
    }
    return rows;
  }

  /** Rebuilt. `work` gives the number of rows. */
  async rebuild(model: string, work: () => Promise<number>): Promise<number> {
    const started = performance.now();
    const rows = await work();
    const milliseconds = performance.now() - started;
    this.#add(model, (cost) => ({
      ...cost,
      rebuilds: cost.rebuilds + 1,
      rebuildMilliseconds: cost.rebuildMilliseconds + milliseconds,
      rebuildRows: cost.rebuildRows + rows,
    }));
    return rows;
  }

  /** Adds what has been gathered to the table, inside the caller's transaction, and begins anew. */
  async write(connection: Connection): Promise<void> {
    const gathered = this.#costs;
    if (gathered.size === 0) return;
    this.#costs = new Map();
    this.#written = performance.now();
    const rows = [...gathered].map(([model, cost]) => {
      const { upkeeps, rowsChanged, milliseconds, rebuilds, rebuildMilliseconds, rebuildRows } = cost;
      const times = [time(milliseconds), time(rebuildMilliseconds)];
      return `(${text(model)}, ${upkeeps}::bigint, ${rowsChanged}::bigint, ${times[0]}, ${rebuilds}::bigint, ${times[1]}, ${rebuildRows}::bigint)`;
    });
    // DELETE and INSERT, since an UPDATE while a reader is open keeps DuckDB from checkpointing.
    await connection.run(
      `create or replace temp table lens_costs as
         select v.model, coalesce(c.upkeeps, 0) + v.upkeeps as upkeeps, coalesce(c.rows_changed, 0) + v.rows_changed as rows_changed,
           coalesce(c.milliseconds, 0) + v.ms as milliseconds, coalesce(c.rebuilds, 0) + v.rebuilds as rebuilds,
           coalesce(c.rebuild_milliseconds, 0) + v.rebuild_ms as rebuild_milliseconds,
           coalesce(c.rebuild_rows, 0) + v.rebuild_rows as rebuild_rows, now()::timestamp as last_at
         from (values ${rows.join(', ')}) v(model, upkeeps, rows_changed, ms, rebuilds, rebuild_ms, rebuild_rows)
         left join lens.model_costs c using (model);
       delete from lens.model_costs c using lens_costs v where c.model = v.model;
       insert into lens.model_costs by name from lens_costs`,
    );
  }

  #add(model: string, added: (cost: ModelCost) => ModelCost): void {
    this.#costs.set(model, added(this.#costs.get(model) ?? NOTHING));
  }
}

/** The costs of all models as they are written. */
export async function storedCosts(connection: Connection): Promise<Map<string, ModelCost>> {
  const rows = await connection.rows<ModelCost & { model: string }>(
    `select model, upkeeps, rows_changed as "rowsChanged", milliseconds::double as milliseconds, rebuilds,
       rebuild_milliseconds::double as "rebuildMilliseconds", rebuild_rows as "rebuildRows"
     from lens.model_costs`,
  );
  return new Map(rows.map(({ model, ...cost }) => [model, cost]));
}

/** What has come to the costs since; those of a model that was built anew in another way begin at nothing. */
export function costsSince(
  before: ReadonlyMap<string, ModelCost>,
  now: ReadonlyMap<string, ModelCost>,
): Map<string, ModelCost> {
  const since = new Map<string, ModelCost>();
  for (const [model, cost] of now) {
    const earlier = before.get(model) ?? NOTHING;
    const forgotten = cost.upkeeps < earlier.upkeeps || cost.rebuilds < earlier.rebuilds;
    const from = forgotten ? NOTHING : earlier;
    since.set(model, {
      upkeeps: cost.upkeeps - from.upkeeps,
      rowsChanged: cost.rowsChanged - from.rowsChanged,
      milliseconds: cost.milliseconds - from.milliseconds,
      rebuilds: cost.rebuilds - from.rebuilds,
      rebuildMilliseconds: cost.rebuildMilliseconds - from.rebuildMilliseconds,
      rebuildRows: cost.rebuildRows - from.rebuildRows,
    });
  }
  return since;
}

/** Literals of different lengths would else be unified to a type that holds none of the larger ones. */
function time(milliseconds: number): string {
  return `${milliseconds.toFixed(3)}::decimal(18, 3)`;
}
