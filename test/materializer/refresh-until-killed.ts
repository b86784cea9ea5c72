/**
 * Refreshes a warehouse while it is followed, and dies by kill -9 at the moment asked for:
 * `node refresh-until-killed.ts PROJECT_DIR LOG_FILE DATA_DIR WORK MOMENT DELAY`.
 *
 * WORK: `all` (from the log), `some` (a selection) or `rollback`. MOMENT: a phase of the refresh, `progress`, `step N` (before the Nth time
 * that a file gets another name or is removed during the swap), or `done`. DELAY: milliseconds after the moment, in which the work goes on; none at
 * the steps of the swap.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { keptByProcess } from './kept-by-process.ts';

const [work = '', moment = '', delay = '0'] = process.argv.slice(5);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

let dying = false;
async function dieLater(): Promise<void> {
  if (dying) return;
  dying = true;
  // A timer of none would let the work go on, too.
  if (Number(delay) > 0) await sleep(Number(delay));
  die();
}

let swapping = false;
let steps = 0;
function before(): void {
  if (swapping && moment === `step ${++steps}`) die();
}
const { renameSync } = fs;
fs.renameSync = (from, to) => {
  before();
  renameSync(from, to);
};
const { rename, rm } = fs.promises;
fs.promises.rename = (from, to) => {
  before();
  return rename(from, to);
};
fs.promises.rm = (name, options) => {
  before();
  return rm(name, options);
};
syncBuiltinESMExports();

await using kept = await keptByProcess({
  batch: { maxRecords: 50, maxMilliseconds: 50 },
  warehouse: { threads: 1 },
  onEvent: () => {},
});
const { materializer } = kept;
const stop = new AbortController();
const following = materializer.follow(stop.signal);
const onProgress = (news: { readonly kind: string; readonly phase?: string }): void => {
  if (news.kind === moment || news.phase === moment) void dieLater();
  if (news.phase === 'swap') swapping = true;
};
if (work === 'rollback') await materializer.rollback({ onProgress });
else await materializer.run({ fullRefresh: true, models: work === 'some' ? ['fct_orders'] : undefined, onProgress });
// What was to end the work may have come so late that it is done.
if (moment === 'done' || dying) await dieLater();
if (dying) await sleep(60_000);
process.stdout.write(`done after ${steps} steps\n`);
stop.abort();
await following;
