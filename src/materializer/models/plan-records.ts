import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';

/** Writes which columns of which stored tables each model follows from (`lens.model_columns`), for questions in SQL. */
export async function writeModelColumns(connection: Connection, plans: readonly MaintenancePlan[]): Promise<void> {
  const rows = plans.flatMap(({ model, reads, inputs }) =>
    reads.flatMap(({ name, columns }) => {
      const whole = inputs.find(({ relation }) => relation.name === name)?.whole ?? null;
      // Where no column matters, as to count(*), the rows do.
      return (columns.length === 0 ? [null] : columns).map(
        (column) => `(${[text(model), text(name), sql(column), sql(whole)].join(', ')})`,
      );
    }),
  );
  const insert = rows.length === 0 ? '' : `; insert into lens.model_columns values ${rows.join(', ')}`;
  await connection.run(`delete from lens.model_columns${insert}`);
}

function sql(value: string | null): string {
  return value === null ? 'null' : text(value);
}
