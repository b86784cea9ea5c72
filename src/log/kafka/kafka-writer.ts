import { setTimeout as sleep } from 'node:timers/promises';
import { LensError, messageOf } from '../../core/errors.ts';
import type { LogWriter, RecordOptions, WriteOptions } from '../event-log.ts';
import { isTooLarge, recordsRefused, stoppedWithout, stuckFor } from './append-failures.ts';
import { type KafkaCluster, mayPass } from './cluster.ts';
import type { PendingBatches, Stuck } from './pending-batches.ts';
import {
  DUPLICATE_SEQUENCE,
  isDenied,
  isStale,
  KafkaProtocolError,
  UNKNOWN_TOPIC_OR_PARTITION,
} from './protocol/error-codes.ts';
import { INIT_PRODUCER_ID, PRODUCE, type ProducedPartition } from './protocol/produce.ts';
import { WriteTargets } from './write-targets.ts';

/** A record that comes alone waits this long for company. */
const LINGER_MS = 3;
/** `drain` waits while more than this is queued. */
const QUEUE_BYTES = 16 << 20;
const REQUEST_BYTES = 4 << 20;
/** How long replicas may take to acknowledge. */
const ACK_MS = 15_000;
/** As Kafka's own clients: a record that could not be written for two minutes fails. */
const DELIVERY_MS = 120_000;
/** After the signal to stop: so long without an acknowledgement. */
const LAST_CALL_MS = 2_000;
const RETRY_PAUSE_MS = 100;
/** Leaders and partitions are asked for again after this, also while all is well: partitions may have been added. */
const METADATA_AGE_MS = 60_000;

/**
 * Appends as an idempotent producer: batches carry sequence numbers, and each partition has at most one batch under way,
 * which is repeated as it was until it is acknowledged. So order holds, and nothing is lost or doubled by a retry.
 */
export class KafkaWriter implements LogWriter {
  static #opened = 0;
  readonly #cluster: KafkaCluster;
  readonly #lane = `writer-${++KafkaWriter.#opened}`;
  readonly #targets: WriteTargets;
  readonly #onClose: (writer: KafkaWriter) => void;
  /** Brokers with a request under way. */
  readonly #busy = new Set<number>();
  #flushing = 0;
  /** Records have waited long enough: send unfilled batches too. */
  #due = false;
  #timer: NodeJS.Timeout | null = null;
  #learning: Promise<void> | null = null;
  #learnedAt = 0;
  readonly #metadata: Stuck = { stuckSince: null };
  #failure: LensError | null = null;
  #failureTold = false;
  readonly #signal: AbortSignal | undefined;
  /** Batches, ever. */
  #acknowledged = 0;
  #lastCall: NodeJS.Timeout | null = null;
  #closed = false;
  #changed = Promise.withResolvers<void>();

  private constructor(
    cluster: KafkaCluster,
    targets: WriteTargets,
    signal: AbortSignal | undefined,
    onClose: (writer: KafkaWriter) => void,
  ) {
    this.#cluster = cluster;
    this.#targets = targets;
    this.#signal = signal;
    this.#onClose = onClose;
    signal?.addEventListener('abort', this.#onAbort);
    if (signal?.aborted) this.#onAbort();
  }

  static async open(
    cluster: KafkaCluster,
    options: WriteOptions,
    onClose: (writer: KafkaWriter) => void,
  ): Promise<KafkaWriter> {
    const identity = await cluster.patiently('register as a producer', async () => {
      const answer = await cluster.call('any', INIT_PRODUCER_ID, null);
      if (answer.errorCode !== 0) throw new KafkaProtocolError(answer.errorCode, null);
      return answer;
    });
    const targets = new WriteTargets(cluster, options.compression ?? 'none', identity);
    return new KafkaWriter(cluster, targets, options.signal, onClose);
  }

  add(topic: string, key: Uint8Array | null, value: Uint8Array | null, options: RecordOptions = {}): void {
    if (this.#failure !== null) throw this.#told(this.#failure);
    if (this.#closed) throw new LensError('INTERNAL', 'the writer is closed');
    const state = this.#targets.add(topic, key, value, options);
    if (state === 'unknown') this.#learn();
    else if (state === 'sealed') this.#pump();
    else this.#timer ??= setTimeout(this.#onLinger, LINGER_MS);
  }

  async drain(): Promise<void> {
    await this.#until(QUEUE_BYTES);
  }

  async flush(): Promise<void> {
    this.#flushing++;
    try {
      await this.#until(0);
    } finally {
      this.#flushing--;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    try {
      // A failure that nobody has heard of is thrown here: records must not be lost without a word.
      if (!this.#failureTold) await this.flush();
    } finally {
      this.#closed = true;
      this.#signal?.removeEventListener('abort', this.#onAbort);
      if (this.#lastCall !== null) clearInterval(this.#lastCall);
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#cluster.closeLane(this.#lane);
      this.#onClose(this);
    }
  }

  /** Resolves when no more than this many bytes are queued, and all of them in their partitions. */
  async #until(bytes: number): Promise<void> {
    const targets = this.#targets;
    while ((targets.queuedBytes > bytes || targets.unknownTopics > 0) && this.#failure === null) {
      this.#pump();
      await this.#changed.promise;
    }
    if (this.#failure !== null) throw this.#told(this.#failure);
  }

  #told(failure: LensError): LensError {
    this.#failureTold = true;
    return failure;
  }

  /** Who stops is told soon of what could not be written, instead of after the two minutes of {@link DELIVERY_MS}. */
  readonly #onAbort = (): void => {
    let acknowledged = this.#acknowledged;
    this.#lastCall ??= setInterval(() => {
      if (this.#targets.queuedBytes > 0 && this.#acknowledged === acknowledged)
        this.#fail(stoppedWithout(LAST_CALL_MS, this.#cluster.options.brokers));
      acknowledged = this.#acknowledged;
    }, LAST_CALL_MS);
  };

  readonly #onLinger = (): void => {
    this.#timer = null;
    this.#due = true;
    this.#pump();
  };

  /** Sends to each idle leader what is ready for it. */
  #pump(): void {
    if (this.#failure !== null || this.#closed) return;
    if (Date.now() - this.#learnedAt > METADATA_AGE_MS) this.#learn();
    const all = this.#due || this.#flushing > 0;
    this.#due = false;
    const ready = new Map<number, PendingBatches[]>();
    const leaderless: PendingBatches[] = [];
    for (const { pending, leader } of this.#targets.partitions()) {
      if (pending.empty || pending.sending) continue;
      // What failed waits for fresh metadata; the others go on meanwhile.
      if (pending.stuckSince !== null && this.#learning !== null) continue;
      if (leader < 0) {
        leaderless.push(pending);
        continue;
      }
      if (this.#busy.has(leader)) {
        this.#due ||= all; // its turn comes with the answer to what is under way
        continue;
      }
      if (all && pending.sealed.length === 0) pending.seal();
      if (pending.sealed.length === 0) continue;
      const list = ready.get(leader);
      if (list === undefined) ready.set(leader, [pending]);
      else list.push(pending);
    }
    // The longest backlog first, so that no partition waits for ever behind others.
    for (const [leader, list] of ready) {
      void this.#send(
        leader,
        list.sort((a, b) => b.sealed.length - a.sealed.length),
      );
    }
    const [first] = leaderless;
    if (first !== undefined) this.#troubled(`${first.topic}/${first.partition} has no leader`, leaderless);
  }

  /** One request with the first batch of each partition. Never throws: failures end in #failure or another try. */
  async #send(leader: number, ready: readonly PendingBatches[]): Promise<void> {
    const sent: PendingBatches[] = [];
    let bytes = 0;
    for (const pending of ready) {
      const size = pending.sealed[0]?.bytes.length ?? 0;
      if (sent.length > 0 && bytes + size > REQUEST_BYTES) continue;
      bytes += size;
      pending.sending = true;
      sent.push(pending);
    }
    this.#busy.add(leader);
    const batches = sent.map(({ topic, partition, sealed }) => ({
      topic,
      partition,
      bytes: sealed[0]?.bytes as Uint8Array,
    }));
    let trouble: string | null = null;
    try {
      const answers = await this.#cluster.call(
        leader,
        PRODUCE,
        { timeoutMs: ACK_MS, batches },
        { lane: this.#lane, timeoutMs: ACK_MS * 2 },
      );
      const byPlace = new Map(answers.map((answer) => [`${answer.topic}/${answer.partition}`, answer]));
      for (const pending of sent)
        trouble = this.#settle(pending, byPlace.get(`${pending.topic}/${pending.partition}`)) ?? trouble;
    } catch (error) {
      if (mayPass(error)) trouble = messageOf(error);
      else this.#fail(this.#cluster.failure('write', error));
    }
    for (const pending of sent) pending.sending = false;
    this.#busy.delete(leader);
    if (trouble === null) this.#pump();
    else this.#troubled(trouble, sent);
    this.#notify();
  }

  /** Takes an acknowledged batch out; returns what is wrong when it must be sent again. */
  #settle(pending: PendingBatches, answer: ProducedPartition | undefined): string | null {
    const code = answer?.errorCode ?? UNKNOWN_TOPIC_OR_PARTITION;
    // DUPLICATE_SEQUENCE: an earlier try of it had arrived, only its answer was lost.
    if (code === 0 || code === DUPLICATE_SEQUENCE) {
      this.#acknowledged++;
      this.#targets.queuedBytes -= pending.acknowledge();
      return null;
    }
    const place = `${pending.topic}/${pending.partition}`;
    const error = new KafkaProtocolError(code, answer?.message ?? null);
    if (isStale(code)) return `${place}: ${error.message}`;
    // The topic takes smaller batches than ours, but perhaps each of the records.
    if (isTooLarge(code) && pending.splitFirst()) return null;
    this.#fail(
      isDenied(code)
        ? this.#cluster.failure(`write to ${place}`, error)
        : recordsRefused(place, pending.sealed[0]?.count ?? 0, error),
    );
    return null;
  }

  /** Tries again with fresh metadata, unless something has been stuck for too long. */
  #troubled(trouble: string, stuck: readonly Stuck[]): void {
    for (const part of stuck) {
      part.stuckSince ??= Date.now();
      if (Date.now() - part.stuckSince <= DELIVERY_MS) continue;
      this.#fail(stuckFor(DELIVERY_MS, trouble, this.#cluster.options.brokers));
      return;
    }
    this.#learn(RETRY_PAUSE_MS);
  }

  /** Learns partitions and leaders of all topics written to, then goes on sending. */
  #learn(pauseMs = 0): void {
    if (this.#learning !== null) return;
    const work = async () => {
      await sleep(pauseMs); // at least one turn, so that the caller of add() can queue more topics first
      if (!this.#closed) await this.#targets.learn();
    };
    this.#learning = work().then(
      () => {
        this.#learning = null;
        this.#learnedAt = Date.now();
        this.#metadata.stuckSince = null;
        this.#due = true;
        this.#pump();
        this.#notify();
      },
      (error: unknown) => {
        this.#learning = null;
        if (mayPass(error)) this.#troubled(messageOf(error), [this.#metadata]);
        else this.#fail(this.#cluster.failure('write', error));
      },
    );
  }

  #fail(error: LensError): void {
    this.#failure ??= error;
    this.#notify();
  }

  /** Wakes drain and flush. */
  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}
