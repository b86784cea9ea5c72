import path from 'node:path';
import { LensError } from '../../core/errors.ts';
import { openEmbeddedLog } from '../../log/embedded/embedded-log.ts';
import type { EventLog, PartitionOffsets } from '../../log/event-log.ts';
import { partitionOf } from '../../log/partitioner.ts';
import type { Project } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { applyTopics } from '../../topics/manage-topics.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified } from '../../warehouse/sql.ts';
import { consume } from '../consume.ts';
import type { Edition } from '../edition.ts';
import { failedModels } from '../models/model-states.ts';
import { PinnedLog } from '../editions/pinned-log.ts';
import type { BlankEdition } from './blank-edition.ts';
import type { EventTest, Expectation, TestRecord } from './event-test.ts';
import { type Fixture, fixtureSql } from './fixture.ts';
import { rowsOf } from './rows-test.ts';
import { type Row, tableDiff } from './table-diff.ts';

/** A temporary folder with nothing of the user's in it. */
export interface EventTestWork {
  readonly dir: string;
  /** The tested model with its ancestors, and the topics of these. */
  readonly project: Project;
  readonly catalog: TopicCatalog;
  /** Of that part of the project. */
  readonly blank: BlankEdition;
}

/** The ways in which the same records must give the same rows. */
const WAYS = ['one batch', 'event by event', 'full refresh'] as const;
type Way = (typeof WAYS)[number];

const SMALLEST = { maxRecords: 1_000_000, maxMilliseconds: 60_000 };

/** Dead letters with their keys as texts; by these columns where an expectation names none, since it expects no rows. */
const DEAD_LETTERS = `select * replace (decode(key) as key) from lens.dead_letters`;
const LETTER_COLUMNS = ['topic', 'key', 'reason_code', 'reason'];

/**
 * Runs a test over events in all ways, by the real landing, fold and compaction over a log of its own, up to each expectation; gives
 * how what is stored differs from it, or in one way from another; null when it does not.
 */
export async function runEventTest(work: EventTestWork, event: EventTest): Promise<string | null> {
  await using log = openEmbeddedLog(path.join(work.dir, 'log.sqlite'));
  await applyTopics(log, work.catalog);
  const published = await publish(log, work.catalog, event);
  const seen = new Map<Way, Row[]>();
  const columns: string[] = [];
  for (const way of WAYS) {
    const replay = new Replay(work, event, log, way);
    const result = await replay.run(published);
    if (result.diff !== null) return `${result.diff}\n\n(${way})`;
    seen.set(way, result.rows);
    columns.splice(0, columns.length, ...result.columns);
  }
  const [first, ...others] = WAYS;
  for (const way of others) {
    const diff = tableDiff(columns, seen.get(first) ?? [], seen.get(way) ?? []);
    if (diff !== null) return `${diff}\n\n(actual is ${way}, expected is ${first}: all ways must give the same rows)`;
  }
  return null;
}

/** Where the log ends after each record, by step. */
type Published = readonly (readonly (readonly PartitionOffsets[])[])[];

async function publish(log: EventLog, catalog: TopicCatalog, { steps }: EventTest): Promise<Published> {
  let ends: readonly PartitionOffsets[] = await log.offsets(catalog.contracts.map(({ name }) => name));
  await using writer = await log.write();
  const published: (readonly PartitionOffsets[])[][] = [];
  let at = 0;
  for (const { records } of steps) {
    const own: (readonly PartitionOffsets[])[] = [];
    for (const record of records) {
      const { topic, timestamp } = record;
      const { key, value } = await bytesOf(catalog, record);
      const count = ends.filter((end) => end.topic === topic).length;
      const partition = record.partition ?? (key === null ? 0 : partitionOf(key, count));
      if (partition < 0 || partition >= count) {
        throw new LensError('INPUT_INVALID', `topic ${topic} has no partition ${partition}`, {
          hint: `it has ${count}, by topics/${topic}/topic.yml`,
        });
      }
      writer.add(topic, key, value, { timestamp: timestamp ?? ++at, partition });
      // Offsets follow from the order, so that all records are written at once.
      ends = ends.map((end) =>
        end.topic === topic && end.partition === partition ? { ...end, end: end.end + 1 } : end,
      );
      own.push(ends);
    }
    published.push(own);
  }
  return published;
}

async function bytesOf(
  catalog: TopicCatalog,
  { topic, key, value, keyBase64, valueBase64 }: TestRecord,
): Promise<{ key: Uint8Array | null; value: Uint8Array | null }> {
  if (keyBase64 === undefined && valueBase64 === undefined) return catalog.json(topic).encode(key, value);
  const plain = keyBase64 === undefined && key !== undefined ? await catalog.json(topic).encode(key, null) : null;
  return {
    key: keyBase64 === undefined ? (plain?.key ?? null) : Buffer.from(keyBase64, 'base64'),
    value: valueBase64 === undefined ? null : Buffer.from(valueBase64, 'base64'),
  };
}

interface Seen {
  readonly diff: string | null;
  /** All columns of the model, after the last record. */
  readonly rows: Row[];
  readonly columns: readonly string[];
}

class Replay {
  readonly #work: EventTestWork;
  readonly #event: EventTest;
  readonly #log: EventLog;
  readonly #way: Way;

  constructor(work: EventTestWork, event: EventTest, log: EventLog, way: Way) {
    this.#work = work;
    this.#event = event;
    this.#log = log;
    this.#way = way;
  }

  async run(published: Published): Promise<Seen> {
    let edition = await this.#work.blank.blank();
    for (const [at, { expect }] of this.#event.steps.entries()) {
      const records = published[at] ?? [];
      if (this.#way === 'event by event') for (const ends of records) await this.#advance(edition, ends);
      if (expect === null) continue;
      const ends = published
        .slice(0, at + 1)
        .flat()
        .at(-1);
      if (ends !== undefined) await this.#advance(edition, ends);
      const last = at === this.#event.steps.length - 1;
      const seen = await this.#see(edition, expect, last);
      if (seen.diff !== null || last) return seen;
      if (this.#way === 'full refresh') edition = await this.#work.blank.blank();
    }
    throw new LensError('INTERNAL', 'an event test ended without an expectation');
  }

  async #advance(edition: Edition, ends: readonly PartitionOffsets[]): Promise<void> {
    const { catalog, project } = this.#work;
    await consume(edition, {
      log: new PinnedLog(this.#log, ends, new Set()),
      catalog,
      batch: SMALLEST,
      bulk: { lagRecords: Number.MAX_SAFE_INTEGER },
      until: ends,
      signal: new AbortController().signal,
      alwaysBulk: this.#way === 'full refresh',
      exclusive: (part) => part(),
      onEvent: () => undefined,
    });
    await edition.compaction.run(false);
    using connection = await edition.warehouse.connect();
    const [failed] = (await failedModels(connection)).filter(({ name }) => project.models.some((m) => m.name === name));
    if (failed !== undefined) {
      throw new LensError('MODEL_FAILED', failed.message, { place: failed.name, fields: { model: failed.name } });
    }
  }

  async #see(edition: Edition, { rows, deadLetters }: Expectation, last: boolean): Promise<Seen> {
    const { schema, alias } = this.#work.project.model(this.#event.test.model);
    const stored = `select * from ${qualified(schema, alias)}`;
    using connection = await edition.warehouse.connect();
    const diffs = [
      rows === null ? null : await this.#differs(connection, stored, rows, 'expected output'),
      deadLetters === null ? null : await this.#differs(connection, DEAD_LETTERS, deadLetters, 'dead_letters'),
    ].filter((one) => one !== null);
    const columns = await connection.describe(stored);
    const all = last ? await rowsOf(connection, stored, columns) : [];
    return { diff: diffs[0] ?? null, rows: all, columns: columns.map(({ name }) => name) };
  }

  async #differs(connection: Connection, sql: string, fixture: Fixture, of: string): Promise<string | null> {
    const columns = await connection.describe(sql);
    const rows = 'rows' in fixture ? fixture.rows : [];
    const usual = sql === DEAD_LETTERS ? LETTER_COLUMNS : null;
    const names = rows[0] === undefined ? usual : Object.keys(rows[0]).map((name) => name.toLowerCase());
    const compared =
      names?.flatMap((name) => columns.find((column) => column.name.toLowerCase() === name) ?? []) ?? columns;
    const expected =
      'sql' in fixture ? fixture.sql : fixtureSql(this.#event.test, rows, columns, rows.length === 0, of);
    return tableDiff(
      compared.map(({ name }) => name),
      await rowsOf(connection, expected, compared),
      await rowsOf(connection, sql, compared),
    );
  }
}
