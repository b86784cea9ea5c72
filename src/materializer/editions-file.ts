import { existsSync, readFileSync, statSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import path from 'node:path';
import { LensError, messageOf } from '../core/errors.ts';

/** An edition of the warehouse: one file, built at once, then kept current or kept aside. */
export interface EditionRecord {
  /** Counts up from 1, the first build of the data folder. */
  readonly number: number;
  /** For people: `first build`, `full refresh`, `refresh of fct_orders`. */
  readonly builtBy: string;
  /** ISO 8601. */
  readonly builtAt: string;
}

/** The edition that answers. */
export interface LiveRecord extends EditionRecord {
  /** ISO 8601. */
  readonly liveSince: string;
}

/** The edition that answered before, to which `lens rollback` returns. */
export interface PreviousRecord extends EditionRecord {
  /** Name in the data folder. */
  readonly file: string;
  /** ISO 8601. */
  readonly liveUntil: string;
  /** Where it stood then. */
  readonly checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[];
}

/** An edition as of an earlier point of the log, for reading only. */
export interface NamedRecord extends EditionRecord {
  readonly name: string;
  readonly file: string;
  readonly checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[];
}

/** A swap that has begun: whoever finds it finishes it (edition-swap.ts). */
export interface SwapRecord {
  /** The file that becomes the live one. */
  readonly in: string;
  /** The name under which the live one is kept. */
  readonly out: string;
  readonly live: LiveRecord;
  readonly previous: PreviousRecord;
}

/** What `editions.json` in the data folder says. Only who holds the live edition may change it. */
export interface Editions {
  /** The number of the next edition. */
  readonly next: number;
  readonly live: LiveRecord;
  readonly previous: PreviousRecord | null;
  readonly named: readonly NamedRecord[];
  readonly swap: SwapRecord | null;
}

/** The live edition's file. */
export function liveFile(dataDir: string): string {
  return path.join(dataDir, 'warehouse.duckdb');
}

/** The name of the file of any other edition. */
export function editionFileName(number: number): string {
  return `warehouse.edition-${number}.duckdb`;
}

/** CONFIG_INVALID when the file is there and is none of ours. A data folder without one has had no refresh yet. */
export function readEditions(dataDir: string): Editions {
  const file = place(dataDir);
  if (!existsSync(file)) return firstEditions(bornAt(liveFile(dataDir)));
  try {
    const editions = JSON.parse(readFileSync(file, 'utf8')) as Editions;
    if (typeof editions.next !== 'number' || !Array.isArray(editions.named)) throw new Error('it has another form');
    return editions;
  } catch (error) {
    throw new LensError('CONFIG_INVALID', `cannot read which editions there are: ${messageOf(error)}`, {
      place: file,
      hint: 'without this file the warehouse still works; the previous edition can then not be returned to',
      cause: error,
    });
  }
}

/** What holds once the first edition is made. */
export function firstEditions(at: string): Editions {
  const live = { number: 1, builtBy: 'first build', builtAt: at, liveSince: at };
  return { next: 2, live, previous: null, named: [], swap: null };
}

/** A first edition was made: there was none, or it was moved away. */
export async function beginEditions(dataDir: string): Promise<void> {
  const at = new Date().toISOString();
  const { next, live, ...others } = existsSync(place(dataDir))
    ? readEditions(dataDir)
    : { ...firstEditions(at), next: 1 };
  await writeEditions(dataDir, {
    ...others,
    next: next + 1,
    live: { ...live, number: next, builtBy: 'first build', builtAt: at, liveSince: at },
  });
}

/** Written whole or not at all, and durable when this is done, with what has got another name in the folder before. */
export async function writeEditions(dataDir: string, editions: Editions): Promise<void> {
  const file = place(dataDir);
  {
    await using written = await open(`${file}.new`, 'w');
    await written.writeFile(`${JSON.stringify(editions, null, 2)}\n`);
    await written.sync();
  }
  await rename(`${file}.new`, file);
  // A file's name is the folder's.
  await using folder = await open(dataDir, 'r');
  await folder.sync();
}

function bornAt(file: string): string {
  return (existsSync(file) ? statSync(file).birthtime : new Date()).toISOString();
}

function place(dataDir: string): string {
  return path.join(dataDir, 'editions.json');
}
