import { statfsSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../core/errors.ts';
import type { EventLog } from '../../log/event-log.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Edition } from '../edition.ts';
import { bytesOf } from './edition-bytes.ts';
import { neverRefreshed } from '../models/never-refreshed.ts';
import { historyGone, type LostHistory, lostHistory } from './history.ts';

/** What is known before a next edition is built. */
export interface Preflight {
  /** Records that will be read from the log; null when none but those that come meanwhile are. */
  readonly records: number | null;
  readonly topics: number;
  /** What is lost, since the log does not hold it any more, by partition; with the rows that its table holds now. */
  readonly lost: readonly (LostHistory & { readonly table: string; readonly tableRows: number })[];
  /** Topics that forget: what is older is gone from the next full refresh on. */
  readonly forgetting: readonly { readonly topic: string; readonly setting: string }[];
  /** Bytes. */
  readonly disk: { readonly needed: number; readonly free: number };
  /** Models with `full_refresh: false`. */
  readonly neverRefreshed: readonly string[];
}

export interface PreflightOptions {
  readonly edition: Edition;
  readonly project: Project;
  readonly log: EventLog;
  readonly dataDir: string;
  /** Whether raw tables are made anew from the log. */
  readonly fromLog: boolean;
  readonly allowDataLoss: boolean;
}

/** A new file has hardly more than the data of the old one, and a write-ahead log of its own. */
const DISK_FACTOR = 1.1;

/**
 * Looks whether an edition can be built, before anything is done. LOG_HISTORY_GONE when the log does not hold what was ever applied and its loss is
 * not allowed, DISK_FULL when there is no room for a second file.
 */
export async function preflight(options: PreflightOptions): Promise<Preflight> {
  const { edition, project, log, dataDir, fromLog, allowDataLoss } = options;
  const topics = edition.tables.map(({ contract }) => contract.name);
  const lost = fromLog ? await lostHistory(log, await edition.checkpoint(), topics) : [];
  if (lost.length > 0 && !allowDataLoss) throw historyGone(lost, '--allow-data-loss refreshes from what is left');
  const found = {
    records: fromLog ? (await log.offsets(topics)).reduce((sum, { low, end }) => sum + end - low, 0) : null,
    topics: topics.length,
    lost: await Promise.all(lost.map((one) => withTable(edition, one))),
    forgetting: log.kind === 'kafka' ? await forgetting(log, topics) : [],
    disk: { needed: Math.ceil(bytesOf(edition.path) * DISK_FACTOR), free: freeBytes(dataDir) },
    neverRefreshed: project.models.filter(neverRefreshed).map(({ name }) => name),
  };
  if (found.disk.needed > found.disk.free) throw diskFull(dataDir, found.disk);
  return found;
}

async function withTable(edition: Edition, lost: LostHistory): Promise<Preflight['lost'][number]> {
  const table = edition.tables.find(({ contract }) => contract.name === lost.topic);
  if (table === undefined) return { ...lost, table: lost.topic, tableRows: 0 };
  using connection = await edition.warehouse.connect();
  return { ...lost, table: table.name, tableRows: await connection.number(`select count(*) from ${table.relation}`) };
}

/** Kafka deletes by age and size where the cleanup policy has `delete`; -1 is never. */
async function forgetting(log: EventLog, topics: readonly string[]): Promise<Preflight['forgetting']> {
  const described = await log.topics(topics);
  return topics.flatMap((topic) => {
    const settings = described.get(topic)?.settings;
    if (settings === undefined || !(settings.get('cleanup.policy') ?? 'delete').includes('delete')) return [];
    return ['retention.ms', 'retention.bytes'].flatMap((name) => {
      const value = settings.get(name);
      return value === undefined || value === '-1' ? [] : [{ topic, setting: `${name}=${value}` }];
    });
  });
}

function freeBytes(dataDir: string): number {
  const { bavail, bsize } = statfsSync(dataDir);
  return bavail * bsize;
}

function diskFull(dataDir: string, { needed, free }: Preflight['disk']): LensError {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e8 ? 3 : 1)} GB`;
  return new LensError(
    'DISK_FULL',
    `a second edition needs about ${gigabytes(needed)}, and ${gigabytes(free)} are free`,
    {
      place: path.resolve(dataDir),
      hint: 'make room there; lens editions says what else is kept, and lens editions drop removes it',
      fields: { needed, free },
    },
  );
}
