import { LensError } from '../../core/errors.ts';
import type { LogReading } from '../../log/event-log.ts';
import { partitionOf } from '../../log/partitioner.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { DeadLetter } from '../../topics/topic-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { AmendedLog, letterBlock } from './amended-log.ts';
import type { Batch, TopicRecords } from '../batch.ts';
import { type CheckpointEntry, readCheckpoint } from '../checkpoint.ts';
import { placeText, type RedriveRequest, type RedriveResult } from './dead-letter-contract.ts';
import { readLetters, type StoredLetter } from './dead-letters.ts';
import { type LastRecord, NewerRecords } from './newer-records.ts';

/** What a redrive works with. */
export interface RedriveSources {
  readonly log: LogReading;
  readonly catalog: TopicCatalog;
}

/** What is to be done, and what it comes to. */
export interface RedriveDecision {
  /** Null when there is nothing to write. */
  readonly batch: Batch | null;
  readonly results: readonly RedriveResult[];
}

/** What the warehouse says at one moment. */
interface Standing {
  readonly letters: readonly StoredLetter[];
  readonly settled: readonly StoredLetter[];
  readonly openPlaces: ReadonlySet<string>;
  readonly checkpoint: readonly CheckpointEntry[];
}

/**
 * Redrives dead letters: each counts from now on as the record it should have been, with its own bytes (its contract was
 * mended) or edited ones. Where its key stays, it counts at its own place, so that a newer record of the key wins as it would
 * have; a record that its edit gave another key counts after all that was applied, unless one of that key is newer.
 *
 * Rows, statuses and places are written in one transaction, and every replay has the same (amended-log.ts).
 */
export class RedriveWork {
  readonly #sources: RedriveSources;
  readonly #request: RedriveRequest;
  readonly #signal: AbortSignal;
  readonly #searches = new Map<string, NewerRecords>();

  constructor(sources: RedriveSources, request: RedriveRequest, signal: AbortSignal) {
    this.#sources = sources;
    this.#request = request;
    this.#signal = signal;
  }

  /** Looks for newer records of the keys, so that little is left to look through while batches wait for {@link decide}. */
  async prepare(connection: Connection): Promise<void> {
    await this.#search(await this.#read(connection));
  }

  /** What comes of each letter at the checkpoint there is now. Nobody may write until its batch is applied. */
  async decide(connection: Connection): Promise<RedriveDecision> {
    const standing = await this.#read(connection);
    await this.#search(standing);
    const results: RedriveResult[] = [];
    const placed: StoredLetter[] = [];
    for (const letter of standing.letters) {
      const { topic, partition, offset } = letter;
      const result = { topic, partition, offset, reasonCode: null, reason: null };
      if (letter.status === 'redriven') {
        results.push({ ...result, outcome: 'already' });
        continue;
      }
      const wanted = this.#wanted(letter);
      const rejection = await this.#rejection(wanted);
      if (rejection !== null) {
        const { reasonCode, reason } = rejection;
        results.push({ ...result, outcome: 'rejected', reasonCode, reason });
        continue;
      }
      const done = this.#placed(wanted, standing);
      placed.push(done);
      results.push({ ...result, outcome: done.status === 'redriven' ? 'redriven' : 'superseded' });
    }
    if (placed.length === 0 || this.#request.dryRun === true) return { batch: null, results };
    return { batch: await this.batchOf(placed), results };
  }

  /** The batch of letters that were decided on. */
  batchOf(letters: readonly StoredLetter[]): Promise<Batch> {
    return redrivenBatch(this.#sources.catalog, letters);
  }

  async #read(connection: Connection): Promise<Standing> {
    const { filter, edit, dryRun, force } = this.#request;
    // A superseded letter is asked for again by `--force`, or by name.
    const open = force === true ? (['open', 'superseded'] as const) : (['open'] as const);
    const status = filter.place === undefined ? (filter.status ?? open) : undefined;
    const letters = await readLetters(connection, { ...filter, status });
    if (filter.place !== undefined && letters.length === 0) {
      throw new LensError('DEAD_LETTER_NOT_FOUND', `there is no dead letter ${placeText(filter.place)}`, {
        hint: 'lens dlq list --status all names them; a record that landed is none',
      });
    }
    if (edit !== undefined && filter.place === undefined) {
      throw new LensError('USAGE', 'an edited payload is for one dead letter', {
        hint: `name it${dryRun === true ? ', also with --dry-run' : ''}: lens dlq redrive TOPIC/PARTITION/OFFSET --edit FILE`,
      });
    }
    const opens = await connection.rows<{ topic: string; partition: number; offset: number }>(
      `select topic, partition, record_offset as "offset" from lens.dead_letters where status = 'open'`,
    );
    return {
      letters,
      settled: await readLetters(connection, { status: ['redriven', 'superseded'] }),
      openPlaces: new Set(opens.map(placeText)),
      checkpoint: await readCheckpoint(connection),
    };
  }

  /** The letter with the bytes that it is to count with, at its own place. */
  #wanted(letter: StoredLetter): StoredLetter {
    const { edit } = this.#request;
    const key = edit === undefined ? letter.key : bytesOf(edit.keyBase64);
    const value = edit === undefined ? letter.value : bytesOf(edit.valueBase64);
    const place = { partition: letter.partition, offset: letter.offset };
    return { ...letter, status: 'redriven', redrive: { key, value, place } };
  }

  async #rejection(letter: StoredLetter): Promise<DeadLetter | null> {
    const [topic] = (await decoded(this.#sources.catalog, [letter])).topics;
    return topic?.sealed.deadLetters[0] ?? null;
  }

  /** Looks on for newer records of the letters' keys up to the checkpoint. */
  async #search({ letters, settled, openPlaces, checkpoint }: Standing): Promise<void> {
    const { catalog } = this.#sources;
    const log = new AmendedLog(this.#sources.log, settled);
    for (const topic of new Set(letters.map((letter) => letter.topic))) {
      const wanted = letters.filter((letter) => letter.topic === topic).map((letter) => this.#wanted(letter));
      if (catalog.contract(topic).mode === 'append') continue;
      let search = this.#searches.get(topic);
      if (search === undefined) {
        const from = new Map<number, number>();
        const need = (partition: number, offset: number): void =>
          void from.set(partition, Math.min(offset, from.get(partition) ?? offset));
        for (const letter of wanted) {
          if (keepsKey(letter)) need(letter.partition, letter.offset);
          else for (const entry of checkpoint) if (entry.topic === topic) need(entry.partition, 0);
        }
        const keys = wanted.flatMap(({ redrive }) => redrive?.key ?? []);
        this.#searches.set(topic, (search = new NewerRecords(log, catalog, { topic, keys, from, places: wanted })));
      }
      const dead = (partition: number, offset: number): boolean =>
        openPlaces.has(placeText({ topic, partition, offset }));
      await search.upTo(checkpoint, dead, this.#signal);
    }
  }

  /** The letter where it counts, or as superseded. */
  #placed(letter: StoredLetter, { checkpoint }: Standing): StoredLetter {
    const { topic, partition, offset } = letter;
    const key = letter.redrive?.key ?? null;
    if (key === null || this.#sources.catalog.contract(topic).mode === 'append') return letter;
    const found = this.#searches.get(topic)?.of(key) ?? [];
    const isNewer = (one: LastRecord): boolean =>
      one.partition === partition ? one.offset > offset : one.timestamp > letter.timestamp;
    const newer = found.some(isNewer) || (keepsKey(letter) && this.#isCompactedAway(letter));
    if (newer && this.#request.force !== true) return { ...letter, status: 'superseded', redrive: null };
    if (!newer && keepsKey(letter)) return letter;
    const entries = checkpoint.filter((entry) => entry.topic === topic);
    const last = found.toSorted((a, b) => b.timestamp - a.timestamp)[0]?.partition;
    const target = keepsKey(letter) ? partition : (last ?? partitionOf(key, entries.length));
    const next = entries.find((entry) => entry.partition === target)?.nextOffset ?? 0;
    return {
      ...letter,
      redrive: { key, value: letter.redrive?.value ?? null, place: { partition: target, offset: next - 1 } },
    };
  }

  /** A record is compacted away when its key has a newer one, which a tombstone's removal may have taken, too. */
  #isCompactedAway(letter: StoredLetter): boolean {
    return this.#searches.get(letter.topic)?.lacks(letter) === true;
  }
}

/** The batch that applies redriven letters: their rows, and what the letters are now. */
export async function redrivenBatch(catalog: TopicCatalog, letters: readonly StoredLetter[]): Promise<Batch> {
  const batch = await decoded(
    catalog,
    letters.filter(({ status }) => status === 'redriven'),
  );
  return { ...batch, letters };
}

/** The records that letters count as, decoded. */
async function decoded(catalog: TopicCatalog, letters: readonly StoredLetter[]): Promise<Batch> {
  const topics: TopicRecords[] = [];
  for (const topic of new Set(letters.map((letter) => letter.topic))) {
    const decoder = catalog.batch(topic);
    const own = letters.filter((letter) => letter.topic === topic);
    for (const letter of own) {
      const block = letterBlock(letter);
      await catalog.prepare(topic, block);
      decoder.add(block);
    }
    topics.push({ contract: decoder.contract, records: own.length, sealed: decoder.seal() });
  }
  return { topics, positions: [], records: letters.length, lag: 0 };
}

/** Whether a letter counts with the key that its record has in the log, and so among that key's records. */
function keepsKey({ key, redrive }: StoredLetter): boolean {
  const given = redrive?.key ?? null;
  return key !== null && given !== null && Buffer.from(key).equals(given);
}

function bytesOf(base64: string | null): Uint8Array | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}
