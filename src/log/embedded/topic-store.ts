import { randomUUID } from 'node:crypto';
import type { StatementSync } from 'node:sqlite';
import { LensError } from '../../core/errors.ts';
import type { PartitionOffsets, TopicDescription, TopicSpec } from '../event-log.ts';
import type { LogFile } from './log-file.ts';

/** A topic as the file has it. */
export interface StoredTopic {
  readonly topicId: number;
  readonly description: TopicDescription;
}

interface TopicRow {
  topic_id: number;
  name: string;
  uuid: string;
  partitions: number;
  settings: string;
}

/** Topics, their settings and the offsets of their partitions. Settings are kept and shown; none of them is enforced. */
export class TopicStore {
  readonly #file: LogFile;
  readonly #byName: StatementSync;
  readonly #offsets: StatementSync;
  readonly #partition: StatementSync;
  readonly #partitions: StatementSync;

  constructor(file: LogFile) {
    this.#file = file;
    const { database } = file;
    this.#byName = database.prepare('select * from topics where name = ?');
    this.#offsets = database.prepare(
      'select partition, low, "end" from partitions where topic_id = ? order by partition',
    );
    this.#partitions = database.prepare('select partitions from topics where topic_id = ?');
    this.#partition = database.prepare('select low, "end" from partitions where topic_id = ? and partition = ?');
  }

  all(): Map<string, TopicDescription> {
    const rows = this.#file.guarded('LOG_UNREACHABLE', () =>
      this.#file.database.prepare('select * from topics order by name').all(),
    ) as unknown as TopicRow[];
    return new Map(rows.map((row) => [row.name, described(row).description]));
  }

  /** @throws LOG_TOPIC_MISSING */
  get(name: string): StoredTopic {
    const row = this.#file.guarded('LOG_UNREACHABLE', () => this.#byName.get(name)) as TopicRow | undefined;
    if (row === undefined) throw missing(name, this.#file.path);
    return described(row);
  }

  /** @throws LOG_TOPIC_MISSING */
  offsets(name: string): PartitionOffsets[] {
    const { topicId } = this.get(name);
    const rows = this.#offsets.all(topicId) as unknown as { partition: number; low: number; end: number }[];
    return rows.map(({ partition, low, end }) => ({ topic: name, partition, low, end }));
  }

  /** How many partitions the topic has now; 0 when it was deleted. */
  partitions(topicId: number): number {
    const row = this.#file.guarded('LOG_UNREACHABLE', () => this.#partitions.get(topicId));
    return (row as { partitions: number } | undefined)?.partitions ?? 0;
  }

  /** Low and end offset of one partition; undefined when the topic was deleted or has no such partition. */
  bounds(topicId: number, partition: number): { low: number; end: number } | undefined {
    return this.#partition.get(topicId, partition) as { low: number; end: number } | undefined;
  }

  /** Why a topic once seen as `topicId` is no longer there: LOG_TOPIC_RECREATED or LOG_TOPIC_MISSING. */
  gone(name: string): LensError {
    const row = this.#byName.get(name);
    if (row === undefined) return missing(name, this.#file.path);
    return new LensError('LOG_TOPIC_RECREATED', `topic ${name} was deleted and made again while in use`, {
      place: name,
      hint: 'its offsets start anew: do a full refresh, or restore the topic',
    });
  }

  create(spec: TopicSpec): void {
    this.#file.writing('LOG_UNREACHABLE', () => {
      if (this.#byName.get(spec.name) !== undefined) throw mismatch(spec.name, 'is there already');
      if (!Number.isInteger(spec.partitions) || spec.partitions < 1) {
        throw mismatch(spec.name, `needs at least one partition, not ${spec.partitions}`);
      }
      const { lastInsertRowid } = this.#file.database
        .prepare('insert into topics (name, uuid, partitions, settings) values (?, ?, ?, ?)')
        .run(spec.name, randomUUID(), spec.partitions, JSON.stringify(spec.settings));
      this.#addPartitions(Number(lastInsertRowid), 0, spec.partitions);
    });
  }

  alter(spec: TopicSpec): void {
    this.#file.writing('LOG_UNREACHABLE', () => {
      const { topicId, description } = this.get(spec.name);
      if (spec.partitions < description.partitions) {
        throw mismatch(
          spec.name,
          `has ${description.partitions} partitions and cannot have fewer (${spec.partitions})`,
        );
      }
      const settings = JSON.stringify({ ...Object.fromEntries(description.settings), ...spec.settings });
      this.#file.database
        .prepare('update topics set partitions = ?, settings = ? where topic_id = ?')
        .run(spec.partitions, settings, topicId);
      this.#addPartitions(topicId, description.partitions, spec.partitions);
    });
  }

  delete(name: string): void {
    this.#file.writing('LOG_UNREACHABLE', () => {
      const { topicId } = this.get(name);
      for (const table of ['batches', 'partitions', 'topics']) {
        this.#file.database.prepare(`delete from ${table} where topic_id = ?`).run(topicId);
      }
      this.#file.database.prepare('delete from published_checkpoints where topic = ?').run(name);
    });
  }

  #addPartitions(topicId: number, from: number, to: number): void {
    const insert = this.#file.database.prepare(
      'insert into partitions (topic_id, partition, low, "end") values (?, ?, 0, 0)',
    );
    for (let partition = from; partition < to; partition++) insert.run(topicId, partition);
  }
}

function described(row: TopicRow): StoredTopic {
  const settings = new Map(Object.entries(JSON.parse(row.settings) as Record<string, string>));
  return {
    topicId: row.topic_id,
    description: { name: row.name, id: row.uuid, partitions: row.partitions, settings },
  };
}

function missing(name: string, path: string): LensError {
  return new LensError('LOG_TOPIC_MISSING', `topic ${name} is not in the log`, {
    place: path,
    hint: 'create it with: lens topics apply',
  });
}

function mismatch(name: string, problem: string): LensError {
  return new LensError('LOG_TOPIC_MISMATCH', `topic ${name} ${problem}`, { place: name });
}
