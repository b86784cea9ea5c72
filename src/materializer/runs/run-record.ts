import type { DataTest, Model, UnitTest } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { RawRelation } from '../../maintenance/planner.ts';
import type { Edition } from '../edition.ts';
import { inputRelations } from '../input-tables.ts';
import type { LiveEdition } from '../live-edition.ts';
import { costsSince, type ModelCost } from '../models/model-costs.ts';
import type { NodeResult } from '../nodes/node-results.ts';
import type { ModelStatus } from '../operations.ts';
import { storesFailures } from '../nodes/run-data-tests.ts';
import { type NodeRun, type NodeRunOptions, runNodes } from './run-nodes.ts';
import type { Turns } from '../turns.ts';

type Costs = ReadonlyMap<string, ModelCost>;

/** What a run needs to know of its beginning, to say at its end what it did to each model. */
export class RunRecord {
  readonly #live: LiveEdition;
  readonly #writing: Turns;
  readonly #startedAt = new Date().toISOString();
  readonly #before: { readonly edition: Edition; readonly costs: Costs };

  private constructor(live: LiveEdition, writing: Turns, costs: Costs) {
    this.#live = live;
    this.#writing = writing;
    this.#before = { edition: live.edition, costs };
  }

  /**
   * @param writing turns on the edition's writing connection
   * @param opened the warehouse was opened for this run: what was built then was built for it
   */
  static async begin(live: LiveEdition, writing: Turns, opened: boolean): Promise<RunRecord> {
    const { edition } = live;
    return new RunRecord(live, writing, opened ? edition.costsBefore : await writing.take(() => edition.costs()));
  }

  /** The results of the seeds and the models, and of the tests, which are run now. */
  async results(
    of: {
      statuses: readonly ModelStatus[];
      seeds: readonly NodeResult[];
      models: readonly Model[];
      tests: readonly DataTest[];
      unitTests: readonly UnitTest[];
      hooksOf: NodeRun['hooksOf'];
    },
    options: NodeRunOptions,
  ): Promise<NodeResult[]> {
    const { edition, costs: earlier } = this.#before;
    const now = await this.#writing.take(() => this.#live.edition.costs());
    // Another file counts anew.
    const costs = costsSince(edition.warehouse === this.#live.edition.warehouse ? earlier : new Map(), now);
    return this.#live[storesFailures(of.tests, options) ? 'readAndWrite' : 'read'](
      async (_, { warehouse, whole: project, catalog, tables, seeds, project: { leftOut } }, leave) => {
        const signal = AbortSignal.any([options.signal, leave]);
        const connect = (): Promise<Connection> => warehouse.connect();
        const relations = (): RawRelation[] => inputRelations({ tables, seeds });
        const run = { ...of, project, relations, leftOut, catalog, costs, startedAt: this.#startedAt, connect };
        const results = await runNodes(run, { ...options, signal });
        leave.throwIfAborted();
        return results;
      },
    );
  }
}
