import type { Connection } from '../../warehouse/connection.ts';

interface RebuildCost {
  readonly model: string;
  readonly rebuilds: number;
  readonly rows: number | null;
  readonly milliseconds: number;
}

/** Earlier rebuilds of fewer rows than this part of those there are now say nothing of the next one. */
const COMPARABLE = 1 / 10;

/** How long rebuilding a model may take, from how long it took. */
export class RebuildCosts {
  readonly #costs: ReadonlyMap<string, RebuildCost>;

  private constructor(costs: ReadonlyMap<string, RebuildCost>) {
    this.#costs = costs;
  }

  static async read(connection: Connection): Promise<RebuildCosts> {
    const rows = await connection.rows<RebuildCost>(
      `select model, rebuilds, rebuild_rows as rows, rebuild_milliseconds::double as milliseconds from lens.model_costs
       where rebuilds > 0`,
    );
    return new RebuildCosts(new Map(rows.map((row) => [row.model, row])));
  }

  /** Milliseconds, in proportion to the rows; null when nothing is known. */
  expected(model: string, rows: number | null): number | null {
    const cost = this.#costs.get(model);
    if (rows === null || cost === undefined || cost.rows === null || cost.rows === 0) return null;
    if (cost.rows / cost.rebuilds < rows * COMPARABLE) return null;
    return (cost.milliseconds / cost.rows) * rows;
  }
}
