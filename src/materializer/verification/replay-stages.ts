import type { PartitionOffsets } from '../../log/event-log.ts';
import type { CheckpointEntry } from '../checkpoint.ts';
import type { ReplayTable } from './replay-tables.ts';

/** A point of a replay at which tables are compared. */
export interface ReplayStage {
  /** From the first offset ever applied (`low`) to where the tables stand (`end`), of every partition. */
  readonly ends: readonly PartitionOffsets[];
  readonly tables: readonly ReplayTable[];
}

/**
 * The checkpoints at which tables stand, oldest first; the last is the warehouse's, with the raw tables. A table that cannot
 * be compared is in none.
 */
export function stagesOf(checkpoint: readonly CheckpointEntry[], tables: readonly ReplayTable[]): ReplayStage[] {
  const last = endsAt(checkpoint, null);
  const stages = new Map<string, { ends: PartitionOffsets[]; tables: ReplayTable[] }>();
  const add = (ends: PartitionOffsets[], table?: ReplayTable): void => {
    const at = JSON.stringify(ends);
    const stage = stages.get(at) ?? { ends, tables: [] };
    stages.set(at, stage);
    if (table !== undefined) stage.tables.push(table);
  };
  add(last);
  for (const table of tables) {
    if (table.unsteady !== null || (table.standing?.problem ?? null) !== null) continue;
    add(endsAt(checkpoint, table.standing?.checkpoint ?? null), table);
  }
  const ordered = [...stages.values()].sort((a, b) => records(a.ends) - records(b.ends));
  // A replay only goes forward: a checkpoint that one before it has passed in some partition is left out.
  let reached: readonly PartitionOffsets[] = endsAt(checkpoint, new Map());
  return ordered.filter(({ ends }) => {
    const forward = ends.every(({ end }, at) => end >= (reached[at]?.end ?? 0));
    if (forward) reached = ends;
    return forward;
  });
}

/** @param own next offsets by `topic/partition`; a partition that is not in it was not read yet. Null: the checkpoint. */
function endsAt(checkpoint: readonly CheckpointEntry[], own: ReadonlyMap<string, number> | null): PartitionOffsets[] {
  return checkpoint.map(({ topic, partition, firstOffset, nextOffset }) => {
    const end = own === null ? nextOffset : (own.get(`${topic}/${partition}`) ?? firstOffset);
    return { topic, partition, low: firstOffset, end: Math.min(Math.max(end, firstOffset), nextOffset) };
  });
}

function records(ends: readonly PartitionOffsets[]): number {
  return ends.reduce((sum, { low, end }) => sum + end - low, 0);
}
