import path from 'node:path';
import type { IngestContext } from '../../src/ingest/ingest-contract.ts';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { loadTopics, type TopicCatalog } from '../../src/topics/catalog.ts';
import { applyTopics } from '../../src/topics/manage-topics.ts';
import { scanTopic } from '../../src/ingest/topic-scan.ts';
import { recordsOf, type ReadRecord } from '../log/log-fixture.ts';
import { Folder } from './diffusiondb-files.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** The shipped topics on an embedded log of their own; disposing removes everything. */
export class IngestWorld implements AsyncDisposable {
  readonly folder = new Folder();
  readonly catalog: TopicCatalog = loadTopics(ROOT);
  readonly log: EventLog = openEmbeddedLog(this.folder.file('log.sqlite'));

  static async open(): Promise<IngestWorld> {
    const world = new IngestWorld();
    await applyTopics(world.log, world.catalog);
    return world;
  }

  context(rest: Partial<IngestContext> = {}): IngestContext {
    return { log: this.log, catalog: this.catalog, ...rest };
  }

  /** All records of a topic as they lie in the log, by partition and offset. */
  async records(topic: string): Promise<ReadRecord[]> {
    const records: ReadRecord[] = [];
    await scanTopic(this.context(), topic, (block) => void records.push(...recordsOf(block)));
    return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

  /** The decoded values of a topic, in the order of their timestamps where those differ. */
  async values<T>(topic: string): Promise<T[]> {
    const json = this.catalog.json(topic);
    const records = await this.records(topic);
    return records
      .toSorted((a, b) => a.timestamp - b.timestamp)
      .map(({ key, value }) => json.decode(latin1(key), latin1(value)).value as T);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

function latin1(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text, 'latin1');
}

/** A generation as the topic's contract gives it in JSON. */
export interface Generation {
  readonly generation_id: number;
  readonly prompt_id: number;
  readonly user_id: number;
  readonly session_id: number;
  readonly timestamp: string;
  readonly session_date: string;
  readonly latency_ms: number;
  readonly status: string;
  readonly cost_credits: string;
  readonly retry_count: number;
  readonly feedback: string | null;
  readonly downloaded: boolean | null;
  readonly model_version: string;
  readonly token_count: number;
}

/** Microseconds since 1970 of an ISO 8601 text with up to six decimals. */
export function microseconds(iso: string): number {
  const [seconds, fraction = ''] = iso.replace(/Z$/, '').split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
