import type { LogReading } from '../../log/event-log.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { AmendedLog } from './amended-log.ts';
import { placeText } from './dead-letter-contract.ts';
import { putLetters, readLetters, type StoredLetter } from './dead-letters.ts';
import type { Edition } from '../edition.ts';
import { redrivenBatch } from './redrive.ts';

/** The dead letters of an edition that a replay has to know: those that something was decided of. */
export function settledLetters(connection: Connection): Promise<StoredLetter[]> {
  return readLetters(connection, { status: ['redriven', 'superseded'] });
}

/**
 * Makes an edition ready to go on by the log with the dead letters settled as they are elsewhere (in the live edition): they are
 * stored in it; those that count before where it stands, or before anything the log holds, are applied; and the log comes back with
 * the others at their places. An edition that was kept may know some of them already.
 */
export async function withLetters(
  edition: Edition,
  letters: readonly StoredLetter[],
  { log, catalog }: { readonly log: LogReading; readonly catalog: TopicCatalog },
): Promise<LogReading> {
  const known = letters.filter(({ topic }) => catalog.contracts.some(({ name }) => name === topic));
  if (known.length === 0) return log;
  const own = new Set((await edition.write(settledLetters)).map(placeText));
  const news = known.filter((letter) => !own.has(placeText(letter)));
  const checkpoint = await edition.checkpoint();
  const offsets = await log.offsets([...new Set(known.map(({ topic }) => topic))]);
  const stands = offsets.map((one) => {
    const entry = checkpoint.find(({ topic, partition }) => topic === one.topic && partition === one.partition);
    return { ...one, low: entry?.nextOffset ?? one.low };
  });
  const batch = await redrivenBatch(catalog, new AmendedLog(log, news).before(stands));
  if (batch.records > 0) await (checkpoint.length === 0 ? edition.applyBulk(batch) : edition.applyAside(batch));
  await edition.write((connection) => putLetters(connection, news));
  return new AmendedLog(log, known);
}
