import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Edition } from '../../src/materializer/edition.ts';
import { LiveEdition } from '../../src/materializer/live-edition.ts';
import type { Connection } from '../../src/warehouse/connection.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';
import { projectFolder } from '../project/project-folder.ts';
import { Workshop } from './workshop.ts';

/** Of a project without models: quick to open, and all that matters here is which one answers. */
async function editions(): Promise<{
  first: Edition;
  open: (name: string) => Promise<Edition>;
  place: (name: string) => string;
}> {
  const dir = projectFolder({
    'dbt_project.yml': 'name: lab\nversion: 0.1.0\nconfig-version: 2\n',
    'topics/manifest.json': '{}',
  });
  const workshop = new Workshop(dir);
  onTestFinished(() => workshop[Symbol.asyncDispose]());
  const { project, catalog } = workshop;
  const place = (name: string): string => path.join(workshop.dir, `${name}.duckdb`);
  const open = async (name: string): Promise<Edition> => {
    const edition = await Edition.open(place(name), { project, catalog, warehouse: { threads: 1 } });
    await edition.write((connection) => connection.run(`create table answers as select '${name}' as name`));
    return edition;
  };
  return { first: await open('first'), open, place };
}

/** Which edition it is that answers. */
async function nameOf(connection: Connection): Promise<unknown> {
  const [row] = await connection.rows<{ name: string }>('select name from answers');
  return row?.name;
}

/** Long enough for all that does not wait for something else. */
async function turns(): Promise<void> {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => void setImmediate(resolve));
}

/** Whether it waits for something else. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = (): void => void (settled = true);
  promise.then(settle, settle);
  await turns();
  return !settled;
}

/** What others wait for; passed at the latest when the test is at its end, also where it fails. */
function gate(): Disposable & { passed: Promise<void>; open: () => void; fail: (error: Error) => void } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve, fail: reject, [Symbol.dispose]: resolve };
}

/**
 * Has the closing of one file's warehouse last until it is let go. DuckDB itself lets others be connected to what is being closed, and has the file
 * open on: here they may not be.
 */
function slowToClose(file: string): Disposable & { began: Promise<void>; letGo: () => void } {
  const { prototype } = Warehouse;
  // oxlint-disable-next-line typescript/unbound-method -- called on what they were called on
  const { connect, [Symbol.asyncDispose]: close } = prototype;
  const [began, held] = [gate(), gate()];
  const connections = new Map<Warehouse, number>();
  const count = (warehouse: Warehouse, more: number): void =>
    void connections.set(warehouse, (connections.get(warehouse) ?? 0) + more);
  const closing = new Set<Warehouse>();
  prototype.connect = async function (this: Warehouse) {
    if (closing.has(this)) throw new Error('it is being closed');
    count(this, 1);
    const connection = await connect.call(this);
    const dispose = connection[Symbol.dispose].bind(connection);
    connection[Symbol.dispose] = () => {
      count(this, -1);
      dispose();
    };
    return connection;
  };
  prototype[Symbol.asyncDispose] = async function (this: Warehouse) {
    const isIt = this.path === file;
    closing.add(this);
    if (isIt && (connections.get(this) ?? 0) > 0) began.fail(new Error('it is closed while somebody reads it'));
    await close.call(this);
    if (!isIt) return;
    began.open();
    await held.passed;
  };
  const letGo = (): void => {
    Object.assign(prototype, { connect, [Symbol.asyncDispose]: close });
    held.open();
  };
  return { began: began.passed, letGo, [Symbol.dispose]: letGo };
}

/** Whether the closing of an edition has been asked for. */
function toldOfClosing(edition: Edition): () => boolean {
  const close = edition[Symbol.asyncDispose].bind(edition);
  let asked = false;
  edition[Symbol.asyncDispose] = () => {
    asked = true;
    return close();
  };
  return () => asked;
}

describe('another edition', () => {
  it('that is being closed is opened anew when that is done', async () => {
    const { first, open, place } = await editions();
    await (await open('other'))[Symbol.asyncDispose]();
    await using live = new LiveEdition(first);
    using closing = slowToClose(place('other'));
    const read = (): Promise<unknown> => live.readOther(() => place('other'), {}, nameOf);
    expect(await read()).toBe('other');
    await closing.began;
    const late = [read(), read()];
    expect(await waits(Promise.race(late))).toBe(true);
    closing.letGo();
    expect(await Promise.all(late)).toEqual(['other', 'other']);
  });

  it('is one that nobody closes, at whichever moment it is asked for', async () => {
    const { first, open, place } = await editions();
    await (await open('other'))[Symbol.asyncDispose]();
    await using live = new LiveEdition(first);
    const read = (then?: () => void): Promise<unknown> =>
      live.readOther(
        () => place('other'),
        {},
        async (connection) => {
          const name = await nameOf(connection);
          then?.();
          return name;
        },
      );
    // Microtasks after the only one who reads has what it wants.
    for (let moment = 0; moment < 16; moment++) {
      using closing = slowToClose(place('other'));
      const closed = closing.began.finally(closing.letGo);
      let again: Promise<unknown> | undefined;
      const askAgain = async (): Promise<unknown> => {
        for (let n = 0; n < moment; n++) await Promise.resolve();
        return read();
      };
      await read(() => {
        again = askAgain();
      });
      expect([moment, await again]).toEqual([moment, 'other']);
      await closed;
    }
  });

  it('is the one that there is when one has been replaced meanwhile', async () => {
    const { first, open, place } = await editions();
    await (await open('older'))[Symbol.asyncDispose]();
    await using live = new LiveEdition(first);
    const exchanged = Promise.withResolvers<Edition>();
    let previous = place('older');
    const replacing = live.replace(async () => {
      const edition = await exchanged.promise;
      await first.retire();
      previous = first.path;
      return edition;
    });
    const reading = live.readOther(() => previous, {}, nameOf);
    const writing = live.readAndWrite((connection) => nameOf(connection));
    expect(await waits(Promise.race([reading, writing]))).toBe(true);
    exchanged.resolve(await open('second'));
    await replacing;
    expect(await reading).toBe('first');
    expect(await writing).toBe('second');
    expect(await live.readOther(() => null, {}, nameOf)).toBe('second');
    expect(place('second')).toBe(live.edition.path);
  });

  it('takes over when those are done who also write', async () => {
    const { first, open } = await editions();
    await using live = new LiveEdition(first);
    using writing = gate();
    const written = live.readAndWrite(async (connection) => {
      await writing.passed;
      await connection.run("insert into answers values ('written')");
    });
    let exchanged = false;
    const replaced = live.replace(async () => {
      exchanged = true;
      await first.retire();
      return open('second');
    });
    expect(await waits(replaced)).toBe(true);
    expect(exchanged).toBe(false);
    writing.open();
    await written;
    await replaced;
    expect(await live.read((connection) => nameOf(connection))).toBe('second');
  });

  it('is closed with the live one, and who reads it is told', async () => {
    const { first, open, place } = await editions();
    await (await open('other'))[Symbol.asyncDispose]();
    const live = new LiveEdition(first);
    const reads = [gate(), gate()];
    const aborted = (at: number, signal: AbortSignal): Promise<void> =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('ended')));
        reads[at]?.open();
      });
    const reading = [
      live.read((_, __, signal) => aborted(0, signal)),
      live.readOther(
        () => place('other'),
        {},
        (_, signal) => aborted(1, signal),
      ),
    ];
    await Promise.all(reads.map(({ passed }) => passed));
    const told = Promise.allSettled(reading);
    using closing = slowToClose(place('other'));
    const closes = toldOfClosing(first);
    const disposed = live[Symbol.asyncDispose]();
    await closing.began;
    expect([await waits(disposed), closes()]).toEqual([true, false]);
    closing.letGo();
    await disposed;
    expect(closes()).toBe(true);
    expect(await told).toMatchObject(
      [0, 1].map(() => ({
        reason: { code: 'QUERY_FAILED', message: 'the query was interrupted, since its warehouse is being closed' },
      })),
    );
    for (const name of ['first', 'other']) await (await Warehouse.open(place(name)))[Symbol.asyncDispose]();
  });

  it.each(['read', 'readAndWrite'] as const)(
    'is not closed while somebody reads it who was told to end: %s',
    async (how) => {
      const { first } = await editions();
      const live = new LiveEdition(first);
      using end = gate();
      const ended = Promise.withResolvers<void>();
      const reading = live[how](async (_, __, signal) => {
        signal.addEventListener('abort', () => ended.resolve());
        await end.passed;
      });
      const told = Promise.allSettled([reading]);
      const closes = toldOfClosing(first);
      const disposed = live[Symbol.asyncDispose]();
      await ended.promise;
      expect([await waits(disposed), closes()]).toEqual([true, false]);
      end.open();
      await told;
      await disposed;
      expect(closes()).toBe(true);
    },
  );

  it('that is replaced is there until its last reader is done, and gone when that is waited for', async () => {
    const { first, open } = await editions();
    await using live = new LiveEdition(first);
    using one = gate();
    using two = gate();
    const reading = live.read(async (connection) => {
      await one.passed;
      return nameOf(connection);
    });
    const file = first.path;
    await live.replace(async () => {
      await first.retire();
      return open('second');
    });
    const later = live.readOther(
      () => file,
      {},
      async (connection) => {
        await two.passed;
        return nameOf(connection);
      },
    );
    one.open();
    expect(await reading).toBe('first');
    expect(await waits(later)).toBe(true);
    const released = live.release(file, 'told to go');
    expect(await waits(released)).toBe(true);
    two.open();
    expect(await later).toBe('first');
    await released;
    // nobody here has it open any more
    await (await Warehouse.open(file))[Symbol.asyncDispose]();
  });
});

describe('work that the plans must be those of', () => {
  it('begins again when the edition was another one by the time it had its snapshot, and not after that', async () => {
    const { first, open } = await editions();
    await using live = new LiveEdition(first);
    const second = await open('second');
    const seen: string[] = [];
    const found = await live.readAsPlanned(async (connection, edition, _, begun) => {
      seen.push(edition.path === second.path ? 'second' : 'first');
      if (seen.length === 1) await live.adopt(async () => second);
      await connection.rows('select 1');
      begun();
      if (seen.length === 2) await live.adopt(async () => first);
      return edition;
    });
    expect(seen).toEqual(['first', 'second']);
    expect(found).toBe(second);
    await second[Symbol.asyncDispose]();
  });

  it('begins again while the edition is being exchanged, when that is done', async () => {
    const { first, open } = await editions();
    await using live = new LiveEdition(first);
    const [exchanged, second] = [Promise.withResolvers<Edition>(), await open('second')];
    let adopting: Promise<void> | undefined;
    using began = gate();
    let begins = 0;
    const found = live.readAsPlanned(async (_, edition, __, begun) => {
      begins++;
      adopting ??= live.adopt(() => exchanged.promise);
      began.open();
      begun();
      return edition;
    });
    await began.passed;
    expect(await waits(found)).toBe(true);
    expect(begins).toBe(1);
    exchanged.resolve(second);
    await adopting;
    expect(await found).toBe(second);
    expect(begins).toBe(2);
    await first[Symbol.asyncDispose]();
  });

  it('ends with its own failure', async () => {
    const { first } = await editions();
    await using live = new LiveEdition(first);
    await expect(
      live.readAsPlanned(async () => {
        throw new Error('of its own');
      }),
    ).rejects.toThrow('of its own');
  });
});
