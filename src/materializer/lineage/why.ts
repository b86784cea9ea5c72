import type { EventLog } from '../../log/event-log.ts';
import { Planner } from '../../maintenance/planner.ts';
import type { Project } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';
import { conditionOf, namedTable, notFound, requireBuilt } from './asked-rows.ts';
import { AmendedLog } from '../dead-letters/amended-log.ts';
import { readCheckpoint } from '../checkpoint.ts';
import { Lineage } from './lineage.ts';
import { inputRelations, type InputTables } from '../input-tables.ts';
import { findRecords } from './record-search.ts';
import { settledLetters } from '../dead-letters/replay-letters.ts';
import { seedsNow } from '../seeds/seed-tables.ts';
import { storedModels } from '../status/status.ts';
import type { WhyAnswer, WhyQuestion } from './why-contract.ts';

export interface WhySources {
  readonly project: Project;
  readonly catalog: TopicCatalog;
  readonly inputs: InputTables;
  readonly log: EventLog;
}

/**
 * The records behind rows: first the rows that they follow from, down to the raw tables, in one snapshot of the warehouse; then
 * the records of the raw rows, from what the log holds before the checkpoint of that snapshot. Nothing is changed.
 *
 * ROW_NOT_FOUND when no row has the key; USAGE for a table or a key that cannot be; what reading the log throws.
 *
 * @param connection one of its own: temporary tables are made on it
 */
export async function why(
  connection: Connection,
  { project, catalog, inputs: known, log }: WhySources,
  question: WhyQuestion,
): Promise<WhyAnswer> {
  const inputs = { tables: known.tables, seeds: seedsNow(known.seeds, project.dir) };
  await using planner = await Planner.over(project, inputRelations(inputs));
  const asked = await namedTable(question.table, project, planner, inputs);
  const found = await connection.transaction(async () => {
    await requireBuilt(connection, asked);
    const stored = new Map((await storedModels(connection)).map((model) => [model.name, model]));
    const lineage = new Lineage(connection, { planner, inputs, stored }, question.limit);
    const table = await lineage.asked(asked, await conditionOf(connection, asked, project, question));
    if (table.total === 0) throw await notFound(connection, asked, project, question.key);
    const topics = new Set(lineage.rawRows.map((rows) => rows.table.contract.name));
    const deadLetters = new Map<string, ReadonlySet<string>>();
    for (const topic of topics) deadLetters.set(topic, await deadLettersOf(connection, topic));
    const settled = await settledLetters(connection);
    const checkpoint = await readCheckpoint(connection);
    return { table, rawRows: lineage.rawRows, topics, deadLetters, settled, checkpoint };
  });
  const source = {
    log: new AmendedLog(log, found.settled),
    catalog,
    checkpoint: found.checkpoint,
    deadLetters: (topic: string) => found.deadLetters.get(topic) ?? new Set<string>(),
    signal: question.signal ?? new AbortController().signal,
  };
  for (const topic of found.topics) {
    const rows = found.rawRows.filter(({ table }) => table.contract.name === topic);
    await findRecords(connection, source, rows);
  }
  return { table: found.table, log: log.description };
}

async function deadLettersOf(connection: Connection, topic: string): Promise<Set<string>> {
  const rows = await connection.rows<{ partition: number; record_offset: number }>(
    `select partition, record_offset from lens.dead_letters where topic = ${text(topic)} and status = 'open'`,
  );
  return new Set(rows.map(({ partition, record_offset: offset }) => `${partition}@${offset}`));
}
