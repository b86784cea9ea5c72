import type { Connection } from '../warehouse/connection.ts';
import { KeyIndexes } from '../warehouse/key-indexes.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { openedWords } from './changes/change-words.ts';
import type { BareChange } from './changes/model-changes.ts';
import { waitingWords } from './answered-project.ts';
import {
  type EditionOptions,
  type EditionPlans,
  editionPlans,
  editionProject,
  type MadeEdition,
} from './edition-plans.ts';
import { failingOf } from './gates/gates.ts';
import { keyedTables } from './keyed-tables.ts';
import { memoryBudget, type MemoryBudget } from './memory-budget.ts';
import { type ModelCost, storedCosts } from './models/model-costs.ts';
import { leftOutWords, type UsableProject } from './seeds/usable-seeds.ts';
import { NOTHING, prepare } from './prepare-relations.ts';

/** What an open file is to be made. */
export interface PlannedFile extends EditionPlans {
  readonly usable: UsableProject;
  /** What a person should know of it. */
  readonly words: readonly string[];
  /** Nothing of the project is made in it. */
  readonly asItIs: boolean;
}

/** An open file whose relations are those of a project. */
export interface PreparedEdition extends PlannedFile {
  /** The writing one, and that of compactions. */
  readonly connections: readonly [Connection, Connection];
  /** What a person should know. */
  readonly notices: readonly string[];
  /** What was made of the models. */
  readonly changes: readonly BareChange[];
  /** What upkeep had cost before. */
  readonly costsBefore: ReadonlyMap<string, ModelCost>;
  /** With the milliseconds it took. */
  readonly seedsLoaded: ReadonlyMap<string, number>;
  /** By seed, a sentence that says so. */
  readonly seedNotices: ReadonlyMap<string, string>;
  readonly budget: MemoryBudget;
  readonly indexes: KeyIndexes;
}

/**
 * Throws what planning throws.
 *
 * @param closed the file as this process has just closed it
 */
export async function planFile(
  warehouse: Warehouse,
  kept: EditionOptions,
  closed: MadeEdition | undefined,
): Promise<PlannedFile> {
  using connection = await warehouse.connect();
  const usable = await editionProject(kept, connection, closed);
  const recovery = warehouse.recovery === null ? [] : [warehouse.recovery];
  const left = closed === undefined ? [...waitingWords(usable.whole), ...leftOutWords(usable)] : [];
  const asItIs = kept.asItIs === true || closed !== undefined;
  return { usable, ...(await editionPlans(usable, kept, closed)), words: [...recovery, ...left], asItIs };
}

/** Makes the relations of an open file those of the project. Nothing has changed when it fails. */
export async function prepareEdition(
  warehouse: Warehouse,
  kept: EditionOptions,
  made: PlannedFile,
): Promise<PreparedEdition> {
  const { usable, plans, gates, words, asItIs } = made;
  const { project, inputs } = usable;
  const { warehouse: options } = kept;
  const connection = await warehouse.connect();
  try {
    const costsBefore = await storedCosts(connection);
    const prepared = asItIs ? NOTHING : await prepare(connection, { ...kept, project }, plans, inputs);
    const { changes, seedsLoaded, seedNotices } = prepared;
    const any = await connection.number('select count(*) from lens.checkpoint');
    const names = changes.map(({ name }) => name);
    const opened = any > 0 && !asItIs ? [...openedWords(changes), ...(await failingOf(connection, gates, names))] : [];
    const budget = await memoryBudget(connection);
    const bounds = { fromRows: options.indexFromRows, maxBytes: budget.indexBytes };
    const indexes = new KeyIndexes(keyedTables(inputs.tables, plans), bounds);
    const notices = [...words, ...opened, ...prepared.notices];
    const connections = [connection, await warehouse.connect()] as const;
    return { ...made, connections, notices, changes, costsBefore, seedsLoaded, seedNotices, budget, indexes };
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}
