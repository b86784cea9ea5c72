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

/** Has the closing of one file's warehouse last until it is let go. */
function slowToClose(file: string): { began: Promise<void>; letGo: () => void } {
  const prototype = Warehouse.prototype;
  const close = prototype[Symbol.asyncDispose];
  const [began, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  prototype[Symbol.asyncDispose] = async function (this: Warehouse) {
    const isIt = this.path === file;
    await close.call(this);
    if (!isIt) return;
    began.resolve();
    await gate.promise;
  };
  onTestFinished(() => {
    prototype[Symbol.asyncDispose] = close;
  });
  return { began: began.promise, letGo: gate.resolve };
}

describe('another edition', () => {
  it('that is being closed is opened anew when that is done', async () => {
    const { first, open, place } = await editions();
    await (await open('other'))[Symbol.asyncDispose]();
    await using live = new LiveEdition(first);
    const { began, letGo } = slowToClose(place('other'));
    const read = (): Promise<unknown> => live.readOther(() => place('other'), {}, nameOf);
    expect(await read()).toBe('other');
    await began;
    const late = [read(), read()];
    expect(await waits(Promise.race(late))).toBe(true);
    letGo();
    expect(await Promise.all(late)).toEqual(['other', 'other']);
  });

  it('is asked for again when one was replaced meanwhile', async () => {
    const { first, open, place } = await editions();
    await using live = new LiveEdition(first);
    const exchanged = Promise.withResolvers<Edition>();
    let previous: string | null = null;
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

  it('that is replaced is there until its last reader is done, and gone when that is waited for', async () => {
    const { first, open } = await editions();
    await using live = new LiveEdition(first);
    const [one, two] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const reading = live.read(async (connection) => {
      await one.promise;
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
        await two.promise;
        return nameOf(connection);
      },
    );
    one.resolve();
    expect(await reading).toBe('first');
    expect(await waits(later)).toBe(true);
    const released = live.release(file, 'told to go');
    expect(await waits(released)).toBe(true);
    two.resolve();
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
    const began = Promise.withResolvers<void>();
    let begins = 0;
    const found = live.readAsPlanned(async (_, edition, __, begun) => {
      begins++;
      adopting ??= live.adopt(() => exchanged.promise);
      began.resolve();
      begun();
      return edition;
    });
    await began.promise;
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
