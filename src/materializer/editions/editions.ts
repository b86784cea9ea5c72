import path from 'node:path';
import { closestName } from '../../core/closest-name.ts';
import { LensError } from '../../core/errors.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { bytesOf } from './edition-bytes.ts';
import { removeEdition } from './edition-swap.ts';
import { type Editions, liveFile, type NamedRecord, readEditions, writeEditions } from '../editions-file.ts';
import { positions } from '../checkpoint-publisher.ts';

/** The name of the edition that answered before the live one. */
const PREVIOUS = 'previous';
const LIVE = 'live';

/** An edition as `lens editions` lists it. */
export interface EditionEntry {
  /** `live`, `previous`, or the name it was built under. */
  readonly name: string;
  readonly number: number;
  readonly builtBy: string;
  /** ISO 8601, as all times here. */
  readonly builtAt: string;
  /** Of the live one: since when it answers. */
  readonly liveSince: string | null;
  /** Of the previous one: until when it answered. */
  readonly liveUntil: string | null;
  readonly bytes: number;
  readonly checkpoint: readonly { readonly topic: string; readonly partition: number; readonly nextOffset: number }[];
}

/** The live edition, the previous one, and those under a name. */
export async function listEditions(dataDir: string, live: Connection): Promise<EditionEntry[]> {
  const editions = readEditions(dataDir);
  const { previous } = editions;
  const size = (file: string): number => bytesOf(path.join(dataDir, file));
  return [
    {
      ...editions.live,
      name: LIVE,
      liveUntil: null,
      bytes: bytesOf(liveFile(dataDir)),
      checkpoint: await positions(live),
    },
    ...(previous === null ? [] : [{ ...previous, name: PREVIOUS, liveSince: null, bytes: size(previous.file) }]),
    ...editions.named.map((one) => editionEntry(dataDir, one)),
  ].map(({ name, number, builtBy, builtAt, liveSince, liveUntil, bytes, checkpoint }) => {
    return { name, number, builtBy, builtAt, liveSince, liveUntil, bytes, checkpoint };
  });
}

/** One that is kept under a name. */
export function editionEntry(dataDir: string, { file, ...record }: NamedRecord): EditionEntry {
  return { ...record, liveSince: null, liveUntil: null, bytes: bytesOf(path.join(dataDir, file)) };
}

/** The file of an edition that is not the live one; null for the live one. EDITION_UNKNOWN with the names there are. */
export function editionFile(dataDir: string, name: string): string | null {
  if (name === LIVE) return null;
  const editions = readEditions(dataDir);
  const file = name === PREVIOUS ? editions.previous?.file : editions.named.find((one) => one.name === name)?.file;
  if (file === undefined) throw unknown(editions, name);
  return path.join(dataDir, file);
}

/** Removes an edition that is not the live one; queries that have it open go on. EDITION_UNKNOWN, or USAGE for the live one. */
export async function dropEdition(dataDir: string, name: string): Promise<void> {
  const file = editionFile(dataDir, name);
  if (file === null) {
    throw new LensError('USAGE', 'the live edition cannot be dropped', { hint: 'lens editions lists the others' });
  }
  const editions = readEditions(dataDir);
  const previous = name === PREVIOUS ? null : editions.previous;
  // First the record: a file that none names is removed by the next start.
  await writeEditions(dataDir, { ...editions, previous, named: editions.named.filter((one) => one.name !== name) });
  removeEdition(file);
}

/** USAGE for a name that an edition cannot have, or has already. */
export function requireFreeName(dataDir: string, name: string): void {
  const { named } = readEditions(dataDir);
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name) || name === LIVE || name === PREVIOUS) {
    throw new LensError('USAGE', `an edition cannot be named ${JSON.stringify(name)}`, {
      place: '--edition',
      hint: 'letters, digits, _ - and . make a name; live and previous are taken',
    });
  }
  if (named.some((one) => one.name === name)) {
    throw new LensError('USAGE', `there is an edition ${name} already`, {
      place: '--edition',
      hint: `lens editions drop ${name} removes it`,
    });
  }
}

function unknown({ previous, named }: Editions, name: string): LensError {
  const names = [LIVE, ...(previous === null ? [] : [PREVIOUS]), ...named.map((one) => one.name)];
  const closest = closestName(name, names);
  return new LensError('EDITION_UNKNOWN', `there is no edition ${name}`, {
    place: '--edition',
    hint: closest === undefined ? `there are ${names.join(', ')}` : `did you mean ${closest}? lens editions lists them`,
  });
}
