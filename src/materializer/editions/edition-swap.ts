import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LensError } from '../../core/errors.ts';
import { Warehouse, type WarehouseOptions } from '../../warehouse/warehouse.ts';
import {
  editionFileName,
  liveFile,
  type PreviousRecord,
  readEditions,
  type SwapRecord,
  writeEditions,
} from '../editions-file.ts';

/**
 * Puts a finished, closed edition in the live one's place, which must not be written any more and is kept as the previous one. What is to
 * be done is written down first: a crash at any point leaves a swap that {@link finishSwap} brings to its end. The edition before that is
 * named by no record any more then.
 *
 * @param built the edition that comes in
 * @param checkpoint of the one that goes out
 */
export async function swapEditions(
  dataDir: string,
  built: Omit<PreviousRecord, 'liveUntil' | 'checkpoint'>,
  checkpoint: PreviousRecord['checkpoint'],
): Promise<void> {
  const editions = readEditions(dataDir);
  const now = new Date().toISOString();
  const { number, builtBy, builtAt } = built;
  const { liveSince: _, ...out } = editions.live;
  const file = editionFileName(out.number);
  const swap: SwapRecord = {
    in: built.file,
    out: file,
    live: { number, builtBy, builtAt, liveSince: now },
    previous: { ...out, file, liveUntil: now, checkpoint },
  };
  await writeEditions(dataDir, { ...editions, swap });
  await carryOut(dataDir, swap);
}

/**
 * Finishes a swap that a crash interrupted; gives true when there was one. WAREHOUSE_LOCKED while the process that swaps is alive: it
 * holds the edition that goes out, and so must whoever finishes its work.
 */
export async function finishSwap(dataDir: string, options: WarehouseOptions): Promise<boolean> {
  const { swap } = readEditions(dataDir);
  if (swap === null) return false;
  const out = path.join(dataDir, swap.out);
  const held = existsSync(out) ? out : liveFile(dataDir);
  if (!existsSync(held)) throw missing(held);
  const outgoing = await Warehouse.open(held, options);
  await outgoing.writeNoMore();
  try {
    // Somebody else may have finished it before we held the file.
    const found = readEditions(dataDir).swap;
    if (found !== null) await carryOut(dataDir, found);
  } finally {
    await outgoing[Symbol.asyncDispose]();
  }
  return true;
}

/** Each step may have been done already. */
async function carryOut(dataDir: string, swap: SwapRecord): Promise<void> {
  const [incoming, outgoing] = [path.join(dataDir, swap.in), path.join(dataDir, swap.out)];
  if (existsSync(incoming)) {
    if (!existsSync(outgoing)) moveEdition(liveFile(dataDir), outgoing);
    moveEdition(incoming, liveFile(dataDir));
  }
  const { next, named } = readEditions(dataDir);
  await writeEditions(dataDir, { next, live: swap.live, previous: swap.previous, named, swap: null });
}

function moveEdition(from: string, to: string): void {
  // The log first: then a database that has its new name has its log beside it.
  if (existsSync(`${from}.wal`)) renameSync(`${from}.wal`, `${to}.wal`);
  renameSync(from, to);
}

/** Removes an edition's file with all that DuckDB keeps beside it. Queries that have it open go on. */
export function removeEdition(file: string): void {
  const dir = path.dirname(file);
  for (const name of existsSync(dir) ? readdirSync(dir) : []) {
    if (name === path.basename(file) || name.startsWith(`${path.basename(file)}.`)) {
      rmSync(path.join(dir, name), { force: true, recursive: true });
    }
  }
}

/** WAREHOUSE_MISSING when a data folder holds no live edition. */
export function requireWarehouse(dataDir: string): void {
  const live = liveFile(dataDir);
  if (!existsSync(live) && readEditions(dataDir).swap === null) throw missing(live);
}

function missing(place: string): LensError {
  return new LensError('WAREHOUSE_MISSING', 'there is no warehouse yet', {
    place,
    hint: 'lens run or lens start makes it; --data-dir says where it is',
  });
}
