import type { GatePlan } from '../../maintenance/gate-plan.ts';
import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { gateFailed } from './gate-failed.ts';
import { Gates } from './gates.ts';
import { type HeldOffsets, heldOffsets, takeDecisions } from './held-records.ts';
import type { RawTable } from '../raw-tables.ts';

/** The data tests with `gate: true` of one edition, and what they have decided. */
export class EditionGates {
  /** Those that batches ask, and those that compactions do. */
  readonly batch: Gates;
  readonly compaction: Gates;
  readonly #connection: Connection;
  readonly planned: readonly GatePlan[];

  /** @param connection the edition's writing one */
  constructor(
    connection: Connection,
    gates: readonly GatePlan[],
    plans: readonly MaintenancePlan[],
    tables: readonly RawTable[],
  ) {
    const by = Map.groupBy(gates, ({ upkeep }) => upkeep);
    this.batch = new Gates(by.get('batch') ?? [], plans, tables);
    this.compaction = new Gates(by.get('compaction') ?? [], plans, tables);
    this.#connection = connection;
    this.planned = gates;
  }

  /**
   * What a rebuild of folded models would serve must pass, too, inside its transaction: MODEL_FAILED for the first model that does
   * not, which keeps the table it has.
   */
  async requirePassing(rebuilt: readonly MaintenancePlan[], behind: ReadonlySet<string>): Promise<void> {
    const models = new Set(rebuilt.map((plan) => plan.model));
    const [failure] = await this.batch.failing(this.#connection, models, behind);
    if (failure !== undefined) throw gateFailed(failure, rebuilt);
  }

  /** Takes over what gates that are as they were decided in another edition of the same log. */
  takeDecisions(from: Connection): Promise<void> {
    return takeDecisions(from, this.#connection, this.planned);
  }

  /** The records that are held back: a replay leaves them out. */
  heldOffsets(): Promise<HeldOffsets> {
    return heldOffsets(this.#connection);
  }
}
