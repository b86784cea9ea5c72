import type { Connection } from '../../warehouse/connection.ts';

interface Spent {
  readonly model: string;
  readonly rebuilds: number;
  readonly rebuildRows: number;
  readonly rebuildMilliseconds: number;
  readonly rowsChanged: number;
  readonly milliseconds: number;
}

/** Earlier rebuilds of fewer rows than this part of those there are now say nothing of the next one. */
const COMPARABLE = 1 / 10;

/** How long building a model may take, from what it has cost so far. */
export class BuildTimes {
  readonly #spent: ReadonlyMap<string, Spent>;

  private constructor(spent: ReadonlyMap<string, Spent>) {
    this.#spent = spent;
  }

  static async read(connection: Connection): Promise<BuildTimes> {
    const rows = await connection.rows<Spent>(
      `select model, rebuilds, coalesce(rebuild_rows, 0) as "rebuildRows", rebuild_milliseconds::double as "rebuildMilliseconds",
         rows_changed as "rowsChanged", milliseconds::double as milliseconds
       from lens.model_costs`,
    );
    return new BuildTimes(new Map(rows.map((row) => [row.model, row])));
  }

  /**
   * Milliseconds in proportion to the rows, by rebuilds of comparable size, else by an upkeep that has made as many rows as there are;
   * null when nothing is known.
   */
  expected(model: string, rows: number | null): number | null {
    const spent = this.#spent.get(model);
    if (rows === null || spent === undefined) return null;
    const { rebuilds, rebuildRows, rebuildMilliseconds, rowsChanged, milliseconds } = spent;
    if (rebuildRows > 0 && rebuildRows / rebuilds >= rows * COMPARABLE)
      return (rebuildMilliseconds / rebuildRows) * rows;
    return rowsChanged > 0 && rowsChanged >= rows ? (milliseconds / rowsChanged) * rows : null;
  }
}
