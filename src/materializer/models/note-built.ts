import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';

/** Notes that a model's relation was made as a whole, inside the transaction that does: its hooks are to be run then (hooks/). */
export function noteBuilt(connection: Connection, model: string): Promise<void> {
  return connection.run(
    `insert into lens.hooks_due select ${text(model)} where not exists (select 1 from lens.hooks_due where model = ${text(model)})`,
  );
}
