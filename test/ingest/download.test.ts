import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { download } from '../../src/ingest/download.ts';

async function serving(answer: RequestListener, work: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata.parquet`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('downloads into a file that disposing removes, and reports progress', async () => {
  const content = Buffer.alloc(300_000, 'diffusion');
  const seen: [number, number | null][] = [];
  await serving(
    (_, response) => response.writeHead(200, { 'content-length': content.length }).end(content),
    async (url) => {
      let file: string;
      {
        await using fetched = await download(url, { progress: (done, total) => seen.push([done, total]) });
        file = fetched.file;
        expect(readFileSync(file).equals(content)).toBe(true);
      }
      expect(existsSync(file)).toBe(false);
      expect(seen.at(-1)).toEqual([content.length, content.length]);
    },
  );
});

test('says what is wrong: refused by the server, cut off, nobody there', async () => {
  await serving(
    (_, response) => response.writeHead(404).end(),
    async (url) => {
      await expect(download(url, {})).rejects.toMatchObject({
        code: 'INPUT_UNREADABLE',
        place: url,
        message: 'cannot download: the server answered 404 Not Found',
      });
    },
  );
  await serving(
    (_, response) => {
      response.writeHead(200, { 'content-length': 1_000 }).write('only this');
      setTimeout(() => response.destroy(), 20);
    },
    async (url) => {
      await expect(download(url, {})).rejects.toMatchObject({ code: 'INPUT_UNREADABLE', place: url });
    },
  );
  let closed = '';
  await serving(
    () => {},
    async (url) => {
      closed = url;
    },
  );
  await expect(download(closed, {})).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});
