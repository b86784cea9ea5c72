import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test } from 'vitest';
import { EmbeddedLog, openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { conformance } from '../conformance.ts';
import { append, bytes, readFrom, startOf } from '../log-fixture.ts';

const CHILD = join(import.meta.dirname, 'append-until-killed.ts');
const folders: string[] = [];

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lens-log-'));
  folders.push(folder);
  return join(folder, 'deep', 'log.sqlite');
}

function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

conformance('embedded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lens-log-'));
  const log = openEmbeddedLog(join(folder, 'log.sqlite'));
  const opened: EmbeddedLog[] = [log];
  return {
    log,
    freshLog() {
      const fresh = openEmbeddedLog(join(folder, 'log.sqlite'));
      opened.push(fresh);
      return fresh;
    },
    deleteRecordsBefore: (topic, partition, offset) => log.deleteRecordsBefore(topic, partition, offset),
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
});

/** Starts the appending child; resolves when it has told `atLeast` durable records, and keeps counting. */
async function appending(file: string, partitions: number, atLeast: number) {
  const child = fork(CHILD, [file, 't', String(partitions)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  let durable = 0;
  await new Promise<void>((resolve, reject) => {
    child.on('message', (count: number) => {
      durable = count;
      if (count >= atLeast) resolve();
    });
    child.once('exit', (code) => reject(new Error(`the appending process ended with ${code}`)));
  });
  return {
    async kill(): Promise<number> {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
      return durable;
    },
  };
}

/** The numbers in the values of all partitions, sorted. */
async function numbers(log: EmbeddedLog, partitions: number): Promise<number[]> {
  const ends = await log.offsets(['t']);
  const total = ends.reduce((sum, { end }) => sum + end, 0);
  const read = await readFrom(log, startOf('t', partitions), total);
  return read.map((r) => Number.parseInt(r.value ?? '', 10)).sort((a, b) => a - b);
}

describe('embedded log, several processes', () => {
  afterEach(removeFolders);

  test('records of another process are seen while it appends', async () => {
    const file = newFile();
    await using log = openEmbeddedLog(file);
    await log.createTopic({ name: 't', partitions: 2, settings: {} });
    await using reader = await log.read(startOf('t', 2));
    const child = await appending(file, 2, 1);
    const seen = [-1, -1];
    let records = 0;
    while (records < 3000) {
      const block = await reader.next(10_000);
      if (block === null) throw new Error(`nothing more after ${records} records`);
      for (let i = 0; i < block.count; i++, records++) {
        expect(block.offset(i)).toBe((seen[block.partition] as number) + 1);
        seen[block.partition] = block.offset(i);
      }
    }
    await child.kill();
  });

  test('a writer killed with SIGKILL leaves a prefix with everything it had flushed', async () => {
    for (const atLeast of [1, 500, 2000, 4000]) {
      const file = newFile();
      await using log = openEmbeddedLog(file);
      await log.createTopic({ name: 't', partitions: 3, settings: {} });
      const child = await appending(file, 3, atLeast);
      const durable = await child.kill();
      const found = await numbers(log, 3);
      expect(found.length).toBeGreaterThanOrEqual(durable);
      expect(found).toEqual(found.map((_, i) => i));
      await append(log, 't', [['k', String(found.length)]]);
      await using reopened = openEmbeddedLog(file);
      expect((await numbers(reopened, 3)).length).toBe(found.length + 1);
    }
  });

  test('two processes append at once', async () => {
    const file = newFile();
    await using log = openEmbeddedLog(file);
    await log.createTopic({ name: 't', partitions: 1, settings: {} });
    const children = await Promise.all([appending(file, 1, 500), appending(file, 1, 500)]);
    const durable = await Promise.all(children.map((child) => child.kill()));
    const counts = new Map<number, number>();
    for (const n of await numbers(log, 1)) counts.set(n, (counts.get(n) ?? 0) + 1);
    expect(Math.max(...counts.values())).toBe(2);
    for (let n = 0; n < Math.min(...durable); n++) expect(counts.get(n)).toBe(2);
  });

  test('an open writer sees partitions that another process adds', async () => {
    const file = newFile();
    await using log = openEmbeddedLog(file);
    await using other = openEmbeddedLog(file);
    await log.createTopic({ name: 't', partitions: 1, settings: {} });
    await using writer = await log.write();
    writer.add('t', bytes('k'), bytes('v'));
    await writer.flush();
    await other.alterTopic({ name: 't', partitions: 3, settings: {} });
    writer.add('t', bytes('k'), bytes('v'), { partition: 2 });
    await writer.flush();
    for (let i = 0; i < 50; i++) writer.add('t', bytes(`key-${i}`), bytes('v'));
    await writer.flush();
    const ends = await log.offsets(['t']);
    expect(ends.every(({ end }) => end > 1)).toBe(true);
  });

  test('new records are seen within tens of milliseconds', async () => {
    const file = newFile();
    await using log = openEmbeddedLog(file);
    await using other = openEmbeddedLog(file);
    await log.createTopic({ name: 't', partitions: 1, settings: {} });
    await using reader = await log.read(startOf('t', 1));
    await using writer = await other.write();
    const delays: number[] = [];
    for (let i = 0; i < 15; i++) {
      const waiting = reader.next(10_000).then(() => performance.now());
      await new Promise((resolve) => setTimeout(resolve, 30 + i));
      writer.add('t', null, bytes('v'));
      await writer.flush();
      const appended = performance.now();
      delays.push((await waiting) - appended);
    }
    expect(delays.sort((a, b) => a - b)[7]).toBeLessThan(50);
  });
});

describe('embedded log, damage', () => {
  afterEach(removeFolders);

  test('everything is there after closing and opening again', async () => {
    const file = newFile();
    {
      await using log = openEmbeddedLog(file);
      await log.createTopic({ name: 't', partitions: 1, settings: { 'retention.ms': '-1' } });
      await append(log, 't', [['k', 'v']]);
      await log.publishCheckpoint('g', startOf('t', 1, 1));
    }
    await using log = openEmbeddedLog(file);
    expect((await log.topics()).get('t')?.settings).toEqual(new Map([['retention.ms', '-1']]));
    expect((await readFrom(log, startOf('t', 1), 1)).map((r) => r.value)).toEqual(['v']);
    expect(await log.publishedCheckpoint('g')).toEqual(startOf('t', 1, 1));
  });

  test('a file that is no log is refused and left as it was', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lens-log-'));
    folders.push(folder);
    writeFileSync(join(folder, 'text'), 'not a database, but long enough to be looked at '.repeat(50));
    expect(() => openEmbeddedLog(join(folder, 'text'))).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
    const other = new DatabaseSync(join(folder, 'other.sqlite'));
    other.exec('create table mine (a)');
    expect(() => openEmbeddedLog(join(folder, 'other.sqlite'))).toThrow(
      expect.objectContaining({ code: 'LOG_CORRUPT' }),
    );
    expect(other.prepare('select name from sqlite_schema').all()).toHaveLength(1);
    other.close();
    expect(() => openEmbeddedLog(join(folder, 'text', 'log.sqlite'))).toThrow(
      expect.objectContaining({ code: 'LOG_UNREACHABLE' }),
    );
  });

  test('a log of a newer version is refused', async () => {
    const file = newFile();
    await openEmbeddedLog(file)[Symbol.asyncDispose]();
    const database = new DatabaseSync(file);
    database.exec('pragma user_version = 99');
    database.close();
    expect(() => openEmbeddedLog(file)).toThrow(/version 99/);
  });

  test.each([
    ['cut', 'update batches set body = substr(body, 1, length(body) - 1)'],
    ['changed', "update batches set body = cast(substr(body, 1, 70) || x'00' || substr(body, 72) as blob)"],
    ['gone', 'delete from batches'],
    ['moved', "update batches set body = cast(x'0000000000000005' || substr(body, 9) as blob)"],
  ])('a stored batch that was %s is LOG_CORRUPT', async (_, damage) => {
    const file = newFile();
    await using log = openEmbeddedLog(file);
    await log.createTopic({ name: 't', partitions: 1, settings: {} });
    await append(log, 't', [['key', 'a value of some length']]);
    const database = new DatabaseSync(file);
    database.exec(damage);
    database.close();
    await expect(readFrom(log, startOf('t', 1), 1)).rejects.toMatchObject({
      code: 'LOG_CORRUPT',
      place: expect.stringMatching(/^t\/0@0/),
    });
  });

  test('a failed append keeps its records for the next flush', async () => {
    const file = newFile();
    await using log = openEmbeddedLog(file);
    await log.createTopic({ name: 't', partitions: 1, settings: {} });
    await using writer = await log.write();
    const database = new DatabaseSync(file);
    database.exec("create trigger full before insert on batches begin select raise(abort, 'no room'); end");
    writer.add('t', bytes('k'), bytes('v'));
    await expect(writer.flush()).rejects.toMatchObject({ code: 'LOG_APPEND_FAILED' });
    expect(await log.offsets(['t'])).toEqual([{ topic: 't', partition: 0, low: 0, end: 0 }]);
    database.exec('drop trigger full');
    database.close();
    await writer.flush();
    expect((await readFrom(log, startOf('t', 1), 1)).map((r) => r.value)).toEqual(['v']);
  });
});
