import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, LensError } from '../../core/errors.ts';
import type { LogReader, Position, ReadOptions } from '../event-log.ts';
import type { RecordBlock } from '../record-block.ts';
import { FetchSize } from './fetch-size.ts';
import { type KafkaCluster, mayPass } from './cluster.ts';
import { LeaderLookup } from './leader-lookup.ts';
import { checkPositions, logWasCut } from './position-guard.ts';
import { findTopics } from './kafka-topics.ts';
import { Delivery, PartitionCursor } from './partition-cursor.ts';
import {
  CORRUPT_MESSAGE,
  isDoubtful,
  isStale,
  KafkaProtocolError,
  OFFSET_OUT_OF_RANGE,
} from './protocol/error-codes.ts';
import type { TopicMetadata } from './protocol/metadata.ts';
import { FETCH, type FetchedPartition } from './protocol/fetch.ts';

/** How long a broker holds a fetch that finds nothing. It answers at once when records come. */
const LONG_POLL_MS = 500;
/** A broker that sends nothing for so much longer is taken for lost. */
const GRACE_MS = 5_000;
const DEFAULT_PARTITION_BYTES = 1 << 20;
/** A broker is asked for more while less than this waits to be handed over. */
const QUEUE_BYTES = 4 << 20;
/** The event loop gets a turn each time this much was handed over, so that sockets and signals are not starved. */
const TURN_BYTES = 1 << 20;
const REFRESH_PAUSE_MS = 100;
/** What a broker cannot do at the moment it is asked for again for so long. */
const REFUSED_GRACE_MS = 30_000;
const LASTING_REFUSAL: Readonly<Record<number, ErrorCode>> = {
  [CORRUPT_MESSAGE]: 'LOG_CORRUPT',
  // Within bounds, but the leader knows nothing of the epoch we read
  [OFFSET_OUT_OF_RANGE]: 'LOG_OFFSET_OUT_OF_RANGE',
};

/**
 * Reads partitions by long polls, one under way per broker. Brokers that go away are waited for: each failure leads to
 * fresh metadata and another try, every 100 ms.
 */
export class KafkaReader implements LogReader {
  static #opened = 0;
  readonly #cluster: KafkaCluster;
  readonly #lane = `reader-${++KafkaReader.#opened}`;
  readonly #leaders: LeaderLookup;
  readonly #onClose: (reader: KafkaReader) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #maxPartitionBytes: number;
  /** In the order in which they are asked for: those that just had records go last. */
  #cursors: PartitionCursor[];
  readonly #queue: Delivery[] = [];
  readonly #queuedBytes = new Map<number, number>();
  readonly #sizes = new Map<number, FetchSize>();
  /** Brokers with a fetch under way, or whose failure is being looked into. */
  readonly #busy = new Set<number>();
  #refreshing: Promise<void> | null = null;
  #failure: unknown = null;
  #closed = false;
  #sinceTurn = 0;
  #wake: () => void = () => undefined;

  private constructor(
    cluster: KafkaCluster,
    cursors: PartitionCursor[],
    options: ReadOptions,
    onClose: (reader: KafkaReader) => void,
  ) {
    this.#cluster = cluster;
    this.#leaders = new LeaderLookup(cluster);
    this.#cursors = cursors;
    this.#signal = options.signal;
    this.#maxPartitionBytes = options.maxBytesPerPartition ?? DEFAULT_PARTITION_BYTES;
    this.#onClose = onClose;
    this.#signal?.addEventListener('abort', this.#onAbort);
  }

  /** Checks the positions against what the brokers hold and starts fetching. */
  static async open(
    cluster: KafkaCluster,
    from: readonly Position[],
    options: ReadOptions,
    onClose: (reader: KafkaReader) => void,
  ): Promise<KafkaReader> {
    const names = [...new Set(from.map(({ topic }) => topic))];
    const topics = names.length === 0 ? new Map<string, TopicMetadata>() : await findTopics(cluster, names);
    await checkPositions(cluster, from);
    const cursors = from.map((position) => {
      const { topic, partition } = position;
      const metadata = topics.get(topic);
      const cursor = new PartitionCursor(position, metadata?.id ?? '');
      cursor.leader = metadata?.partitions.find((part) => part.partition === partition)?.leader ?? -1;
      return cursor;
    });
    const reader = new KafkaReader(cluster, cursors, options, onClose);
    reader.#pump();
    return reader;
  }

  async next(waitMs: number): Promise<RecordBlock | null> {
    if (this.#sinceTurn >= TURN_BYTES) {
      this.#sinceTurn = 0;
      await nextTurn();
    }
    if (this.#queue.length === 0 && waitMs > 0) await this.#arrival(waitMs);
    if (this.#signal?.aborted || this.#closed) return null;
    const delivery = this.#queue[0];
    if (delivery !== undefined) return this.#deliver(delivery);
    if (this.#failure !== null) throw this.#failure;
    return null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#cluster.closeLane(this.#lane);
    this.#queue.length = 0;
    this.#wake();
    this.#onClose(this);
  }

  readonly #onAbort = (): void => this.#wake();

  #deliver(delivery: Delivery): RecordBlock {
    const block = delivery.parse();
    if (delivery.done) {
      this.#queue.shift();
      this.#sinceTurn += delivery.size;
      this.#queuedBytes.set(delivery.nodeId, (this.#queuedBytes.get(delivery.nodeId) ?? 0) - delivery.size);
      this.#pump();
    }
    return block;
  }

  /** Resolves when there is something to say, at the latest after the time. */
  async #arrival(waitMs: number): Promise<void> {
    if (this.#failure !== null || this.#closed || this.#signal?.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, waitMs);
    });
    clearTimeout(timer);
    this.#wake = () => undefined;
  }

  /** Sends a fetch to each leader that has none under way and whose records are not piling up. */
  #pump(): void {
    if (this.#closed || this.#failure !== null) return;
    for (const [nodeId, cursors] of Map.groupBy(this.#cursors, ({ leader }) => leader)) {
      if (nodeId < 0) {
        // One who asks is enough, however often records of other partitions lead here.
        if (this.#refreshing === null) this.#inBackground(this.#refresh());
      } else if (!this.#busy.has(nodeId) && (this.#queuedBytes.get(nodeId) ?? 0) < QUEUE_BYTES)
        this.#inBackground(this.#fetch(nodeId, cursors));
    }
  }

  #inBackground(work: Promise<void>): void {
    work.then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= error;
        this.#wake();
      },
    );
  }

  async #fetch(nodeId: number, cursors: readonly PartitionCursor[]): Promise<void> {
    this.#busy.add(nodeId);
    const size = this.#sizeFor(nodeId);
    const start = performance.now();
    let bytes = 0;
    try {
      const request = {
        maxWaitMs: LONG_POLL_MS,
        maxBytes: size.bytes,
        maxBytesPerPartition: Math.min(this.#maxPartitionBytes, size.bytes),
        partitions: cursors,
      };
      const answer = await this.#cluster.call(nodeId, FETCH, request, {
        lane: this.#lane,
        timeoutMs: LONG_POLL_MS + GRACE_MS,
      });
      if (this.#closed) return;
      for (const { records } of answer.partitions) bytes += records?.length ?? 0;
      size.took(performance.now() - start, bytes);
      if (answer.errorCode !== 0) throw new KafkaProtocolError(answer.errorCode, null);
      if (await this.#take(nodeId, answer.partitions)) await this.#refresh();
    } catch (error) {
      if (this.#closed) return;
      if (!mayPass(error)) throw this.#cluster.failure('read', error);
      if (bytes === 0) size.took(performance.now() - start, 0);
      await this.#refresh();
    } finally {
      this.#busy.delete(nodeId);
    }
    this.#pump();
  }

  #sizeFor(nodeId: number): FetchSize {
    const known = this.#sizes.get(nodeId);
    if (known !== undefined) return known;
    const size = new FetchSize();
    this.#sizes.set(nodeId, size);
    return size;
  }

  /** Queues what came; true when a partition says that our metadata is old. */
  async #take(nodeId: number, partitions: readonly FetchedPartition[]): Promise<boolean> {
    const byId = new Map(this.#cursors.map((cursor) => [`${cursor.topicId}/${cursor.partition}`, cursor]));
    const served = new Set<PartitionCursor>();
    let stale = false;
    for (const fetched of partitions) {
      const cursor = byId.get(`${fetched.topicId}/${fetched.partition}`);
      if (cursor === undefined) continue;
      if (fetched.errorCode !== 0) {
        await this.#refused(cursor, fetched.errorCode);
        stale = true;
        continue;
      }
      if (fetched.diverging !== null) throw logWasCut(cursor, fetched.diverging);
      const delivery = cursor.take(fetched, nodeId);
      if (delivery === null) continue;
      served.add(cursor);
      this.#queue.push(delivery);
      this.#queuedBytes.set(nodeId, (this.#queuedBytes.get(nodeId) ?? 0) + delivery.size);
    }
    if (served.size > 0) {
      this.#cursors = [...this.#cursors.filter((cursor) => !served.has(cursor)), ...served];
      this.#wake();
    }
    return stale;
  }

  /** Throws what waiting cannot mend. */
  async #refused(cursor: PartitionCursor, errorCode: number): Promise<void> {
    const place = `${cursor.topic}/${cursor.partition}@${cursor.offset}`;
    const error = new KafkaProtocolError(errorCode, null);
    // With the numbers; returns when the position is within bounds after all (a new leader still catching up).
    if (errorCode === OFFSET_OUT_OF_RANGE) await checkPositions(this.#cluster, [cursor]);
    else if (!isStale(errorCode)) throw this.#cluster.failure(`read ${place}`, error);
    if (!isDoubtful(errorCode)) return;
    cursor.refusedSince ??= Date.now();
    if (Date.now() - cursor.refusedSince < REFUSED_GRACE_MS) return;
    const seconds = REFUSED_GRACE_MS / 1000;
    throw new LensError(
      LASTING_REFUSAL[errorCode] ?? 'LOG_UNREACHABLE',
      `the broker could not read its log at ${place} for ${seconds} s: ${error.message}`,
      {
        place,
        hint: "check the broker's disk and its log",
        cause: error,
      },
    );
  }

  /** Learns the leaders anew after a short pause; all failures of the moment share one. */
  #refresh(): Promise<void> {
    this.#refreshing ??= this.#learnLeaders().then(
      () => {
        this.#refreshing = null;
        this.#pump();
      },
      (error: unknown) => {
        this.#refreshing = null;
        throw error;
      },
    );
    return this.#refreshing;
  }

  async #learnLeaders(): Promise<void> {
    for (;;) {
      await sleep(REFRESH_PAUSE_MS);
      if (this.#closed) return;
      try {
        return await this.#leaders.learn(this.#cursors);
      } catch (error) {
        if (this.#closed) return;
        if (!mayPass(error)) throw this.#cluster.failure('read', error);
      }
    }
  }
}
