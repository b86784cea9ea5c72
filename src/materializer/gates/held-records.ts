import type { LogReader, LogReading, Position, ReadOptions } from '../../log/event-log.ts';
import { LogOverLog, readerThrough } from '../../log/log-over-log.ts';
import type { GatePlan } from '../../maintenance/gate-plan.ts';
import type { DeadLetter } from '../../topics/topic-contract.ts';
import { RecordBlock } from '../../log/record-block.ts';
import { headersAt } from '../../log/record-headers.ts';
import type { Connection, SqlValue } from '../../warehouse/connection.ts';
import { ORIGIN_HEADER } from '../dead-letters/amended-log.ts';
import { keepDeadLetters, readLetters } from '../dead-letters/dead-letters.ts';

/** A record that a gate has held back: a decision that stands for every replay, as long as the test is what it was then. */
export interface HeldRecord {
  readonly letter: DeadLetter;
  readonly gate: GatePlan;
}

/** A decision as it is stored. */
interface StoredDecision {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly test: string;
  readonly fingerprint: string;
}

/** What is told of the records that gates hold back of a batch: a sentence a test. */
export function heldBack(held: readonly HeldRecord[]): string[] {
  const counts = new Map<string, number>();
  for (const { gate } of held) counts.set(gate.test.name, (counts.get(gate.test.name) ?? 0) + 1);
  return [...counts].map(
    ([test, count]) => `gate ${test} holds ${count} record${count === 1 ? '' : 's'} back: see lens.dead_letters`,
  );
}

const ROWS_PER_INSERT = 100;

/** Keeps decisions, inside the batch's transaction. */
export function keepHeld(connection: Connection, held: readonly HeldRecord[]): Promise<void> {
  return keepDecisions(
    connection,
    held.map(({ letter: { topic, partition, offset }, gate }) => {
      return { topic, partition, offset, test: gate.test.uniqueId, fingerprint: gate.fingerprint };
    }),
  );
}

async function keepDecisions(connection: Connection, held: readonly StoredDecision[]): Promise<void> {
  for (let from = 0; from < held.length; from += ROWS_PER_INSERT) {
    const slice = held.slice(from, from + ROWS_PER_INSERT);
    await connection.run(
      `insert into lens.held_records values ${slice.map(() => '(?, ?, ?, ?, ?)').join(', ')}`,
      slice.flatMap(({ topic, partition, offset, test, fingerprint }): SqlValue[] => {
        return [topic, partition, BigInt(offset), test, fingerprint];
      }),
    );
  }
}

/** Offsets of held records by `topic/partition`. */
export type HeldOffsets = ReadonlyMap<string, ReadonlySet<number>>;

/** What a replay has to leave out: a record whose dead letter was redriven counts as what it is then (amended-log.ts). */
export async function heldOffsets(connection: Connection): Promise<HeldOffsets> {
  return byPartition(
    await connection.rows(
      `select topic, partition, record_offset as "offset" from lens.held_records h
       where not exists (
         from lens.dead_letters l where l.topic = h.topic and l.partition = h.partition
         and l.record_offset = h.record_offset and l.status = 'redriven')`,
    ),
  );
}

function decisions(connection: Connection): Promise<StoredDecision[]> {
  return connection.rows<StoredDecision>(
    'select topic, partition, record_offset as "offset", test, fingerprint from lens.held_records',
  );
}

function byPartition(found: readonly Omit<StoredDecision, 'test' | 'fingerprint'>[]): HeldOffsets {
  const offsets = new Map<string, Set<number>>();
  for (const { topic, partition, offset } of found) {
    const place = `${topic}/${partition}`;
    offsets.set(place, (offsets.get(place) ?? new Set()).add(offset));
  }
  return offsets;
}

/**
 * Takes the decisions of gates that are what they were into another warehouse, with their dead letters. Gates that are new or
 * changed decide anew.
 */
export async function takeDecisions(from: Connection, to: Connection, gates: readonly GatePlan[]): Promise<void> {
  const same = new Set(gates.map(({ fingerprint }) => fingerprint));
  const taken = (await decisions(from)).filter(({ fingerprint }) => same.has(fingerprint));
  if (taken.length === 0) return;
  const held = byPartition(taken);
  const letters = await readLetters(from, { reason: 'gate_failed', status: ['open'] });
  await to.transaction(async () => {
    await keepDecisions(to, taken);
    const own = letters.filter((one) => held.get(`${one.topic}/${one.partition}`)?.has(one.offset));
    await keepDeadLetters(to, own, Date.now());
  });
}

/** A log without the records that gates have held back. */
export class LogWithoutHeld extends LogOverLog {
  readonly #held: HeldOffsets;

  constructor(log: LogReading, held: HeldOffsets) {
    super(log);
    this.#held = held;
  }

  async read(from: readonly Position[], options?: ReadOptions): Promise<LogReader> {
    return readerThrough(await this.log.read(from, options), (block) => {
      const offsets = this.#held.get(`${block.topic}/${block.partition}`);
      return offsets === undefined ? block : withoutOffsets(block, offsets);
    });
  }
}

/** Whether a record is a redriven dead letter, put after the one of this offset. */
function standsForAnother(block: RecordBlock, at: number): boolean {
  return headersAt(block, at).some(([name]) => name === ORIGIN_HEADER);
}

/** The block with holes where the offsets were, as compaction leaves them; over the same bytes. */
function withoutOffsets(block: RecordBlock, offsets: ReadonlySet<number>): RecordBlock {
  const kept: number[] = [];
  for (let at = 0; at < block.count; at++) {
    if (!offsets.has(block.offset(at)) || standsForAnother(block, at)) kept.push(at);
  }
  if (kept.length === block.count) return block;
  const { topic, partition, bytes, baseOffset, nextOffset, endOffset, leaderEpoch } = block;
  const rest = Object.assign(new RecordBlock(), {
    topic,
    partition,
    bytes,
    baseOffset,
    nextOffset,
    endOffset,
    leaderEpoch,
  });
  rest.ensure(kept.length);
  rest.count = kept.length;
  for (const [to, at] of kept.entries()) {
    rest.offsetDelta[to] = block.offsetDelta[at] as number;
    rest.timestamp[to] = block.timestamp[at] as number;
    rest.keyStart[to] = block.keyStart[at] as number;
    rest.keyLength[to] = block.keyLength[at] as number;
    rest.valueStart[to] = block.valueStart[at] as number;
    rest.valueLength[to] = block.valueLength[at] as number;
    rest.headersStart[to] = block.headersStart[at] as number;
  }
  return rest;
}
