import { Random } from '../../core/random.ts';

/** A partition's records from..to-1 that are to be replayed. */
export interface ChaosPartition {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  /** Applying its last records once more changes nothing: later records of a key replace earlier ones. */
  readonly idempotent: boolean;
}

/**
 * Records from..to-1 of a partition, delivered with offsets from `at` on: the replay has offsets of its own, since records may
 * be appended again. `again` says how: as new records after the others, or as an old block that must be dropped.
 */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
  readonly at: number;
  readonly again: 'no' | 'appended' | 'delivered';
}

/** A batch of so many records, and what happens after it. */
export interface ChaosStep {
  readonly records: number;
  readonly bulk: boolean;
  readonly after: 'go on' | 'compact' | 'restart';
}

export interface ChaosPlan {
  readonly deliveries: readonly Delivery[];
  readonly steps: readonly ChaosStep[];
}

/** At most so many pieces of a partition, and batches of a replay: each batch costs some 50 ms. */
const MAX_PIECES = 6;
const MAX_STEPS = 24;

/** Another way to replay the same records: the same for the same seed, number and partitions. */
export function chaosPlan(seed: number, number: number, partitions: readonly ChaosPartition[]): ChaosPlan {
  const random = new Random(seed ^ Math.imul(number, 0x9e3779b1));
  const deliveries = deliveriesOf(random, partitions);
  const records = deliveries.reduce((sum, { from, to, again }) => sum + (again === 'delivered' ? 0 : to - from), 0);
  return { deliveries, steps: stepsOf(random, records) };
}

/** The pieces of all partitions in an order that keeps each partition's own, with some of them again in between. */
function deliveriesOf(random: Random, partitions: readonly ChaosPartition[]): Delivery[] {
  const waiting = partitions
    .filter(({ from, to }) => to > from)
    .map((one) => ({ ...one, at: 0, cuts: cuts(random, one.from, one.to, 1 + random.below(MAX_PIECES)) }));
  const deliveries: Delivery[] = [];
  while (waiting.length > 0) {
    const chosen = random.pick(waiting);
    const { topic, partition } = chosen;
    const [from, to] = [chosen.cuts.shift() as number, chosen.cuts[0] as number];
    const add = (part: Omit<Delivery, 'topic' | 'partition'>): void => {
      deliveries.push({ topic, partition, ...part });
      if (part.again !== 'delivered') chosen.at += part.to - part.from;
    };
    add({ from, to, at: chosen.at, again: 'no' });
    if (chosen.idempotent && random.chance(0.25)) {
      add({ from: to - 1 - random.below(to - from), to, at: chosen.at, again: 'appended' });
    }
    if (random.chance(0.25)) add(redelivery(random, deliveries, chosen));
    if (chosen.cuts.length === 1) waiting.splice(waiting.indexOf(chosen), 1);
  }
  return deliveries;
}

/** Part of something delivered before, with the offsets that it had. */
function redelivery(
  random: Random,
  deliveries: readonly Delivery[],
  { topic, partition }: ChaosPartition,
): Omit<Delivery, 'topic' | 'partition'> {
  const before = random.pick(
    deliveries.filter((one) => one.topic === topic && one.partition === partition && one.again !== 'delivered'),
  );
  const from = before.from + random.below(before.to - before.from);
  const to = from + 1 + random.below(before.to - from);
  return { from, to, at: before.at + from - before.from, again: 'delivered' };
}

function stepsOf(random: Random, records: number): ChaosStep[] {
  const wanted = Math.min(records, 3 + random.below(MAX_STEPS - 2));
  if (wanted === 0) return [];
  const at = cuts(random, 0, records, wanted);
  const restarts = new Set([random.below(at.length - 1), random.below(at.length - 1)]);
  let bulk = random.chance(0.5);
  return at.slice(1).map((end, i) => {
    if (random.chance(0.25)) bulk = !bulk;
    const compact = random.chance(0.2);
    const after = restarts.has(i) ? 'restart' : compact ? 'compact' : 'go on';
    return { records: end - (at[i] as number), bulk, after };
  });
}

/** From `from` to `to` in at most so many parts: the cuts between them with both ends, ascending. */
function cuts(random: Random, from: number, to: number, parts: number): number[] {
  const found = new Set([from, to]);
  for (let i = 1; i < parts; i++) found.add(from + 1 + random.below(Math.max(1, to - from - 1)));
  return [...found].sort((a, b) => a - b);
}

/** What a plan does, for people, a line a delivery and then a line a step. */
export function planLines({ deliveries, steps }: ChaosPlan): string[] {
  return [
    ...deliveries.map(({ topic, partition, from, to, again }) => {
      const how = { no: '', appended: ', appended again', delivered: ', delivered again' }[again];
      return `${topic}/${partition} ${from} to ${to - 1}${how}`;
    }),
    ...steps.map(({ records, bulk, after }, i) => {
      const next = { 'go on': '', compact: ', compaction', restart: ', restart' }[after];
      return `batch ${i + 1}: ${records} ${records === 1 ? 'record' : 'records'} ${bulk ? 'in bulk' : 'folded'}${next}`;
    }),
  ];
}
