import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ResultSink } from '../../src/warehouse/read-only-query.ts';
import { ControlClient } from '../../src/service/control-client.ts';
import { answerQuery, readQueryLines } from '../../src/service/query-lines.ts';
import { liveService } from '../../src/service/service-file.ts';
import { LensProcess } from '../cli/lens-process.ts';
import { Shop } from '../cli/shop.ts';
import { SHOP, Workshop } from '../materializer/workshop.ts';

/** Minutes of work for any machine. */
const ENDLESS = 'select count(*) from range(10000000000) a, range(1000) b where a.range + b.range = -1';

const shop = new Shop();
let service: LensProcess;
let client: ControlClient;

beforeAll(async () => {
  service = new LensProcess(['start', ...shop.flags]);
  await service.until(/commands are answered on port/);
  const address = liveService(shop.dataDir);
  if (address === undefined) throw new Error('no service');
  client = new ControlClient(address, () => {});
});

afterAll(async () => {
  client[Symbol.dispose]();
  service.child.kill('SIGTERM');
  expect((await service.result).code).toBe(0);
});

async function ask(sql: string, rows: ResultSink['rows'] = () => {}, signal?: AbortSignal): Promise<unknown> {
  return client.streamQuery(sql, { maxRows: 1_000_000, signal }, { columns: () => {}, rows });
}

test('a result beyond the longest text of the engine goes through the service', async () => {
  let characters = 0;
  const end = await ask("select repeat('x', 10000) as x from range(60000)", (rows) => {
    for (const [x] of rows) characters += (x as string).length;
  });
  expect([end, characters]).toEqual([{ truncated: false }, 600_000_000]);
  expect(await client.ping()).toBe(true);
}, 120_000);

test('an error after the first rows arrives as what it is, and the service goes on', async () => {
  let rows = 0;
  const sql = "select cast(if(i = 500000, 'x', '1') as int) as n from range(600000) r(i)";
  await expect(ask(sql, (piece) => void (rows += piece.length))).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: expect.stringContaining("'x'") as string,
  });
  expect(await client.ping()).toBe(true);
});

test('a row that cannot be written ends its own answer only', async () => {
  const server = createServer((_request: IncomingMessage, response: ServerResponse) => {
    void answerQuery(response, async (sink) => {
      await sink.columns([{ name: 'n', type: 'BIGINT' }]);
      await sink.rows([[1], [2n]]);
      return { truncated: false };
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const incoming = await new Promise<IncomingMessage>((resolve) => {
    request({ host: '127.0.0.1', port: (server.address() as AddressInfo).port }, resolve).end();
  });
  await expect(readQueryLines(incoming, { columns: () => {}, rows: () => {} })).rejects.toMatchObject({
    code: 'QUERY_FAILED',
    message: 'a row is too large for one JSON text',
  });
  server.close();
});

test('a query whose client goes away is interrupted', async () => {
  const connections = async (): Promise<number> => {
    let count = 0;
    await ask('select * from duckdb_connection_count()', (rows) => void (count = Number(rows[0]?.[0])));
    return count;
  };
  const before = await connections();
  const asking = new LensProcess(['query', ENDLESS, '--timeout', '600', ...shop.flags]);
  await expect.poll(connections, { timeout: 10_000 }).toBe(before + 1);
  asking.child.kill('SIGKILL');
  await asking.result;
  await expect.poll(connections, { timeout: 5000 }).toBe(before);
});

test('a query that runs when a full refresh takes over goes on over the edition it began with', async () => {
  await using workshop = await Workshop.of(SHOP);
  await using materializer = await workshop.open();
  await materializer.run({});
  const asked = materializer.query(ENDLESS, { timeoutMs: 600_000 });
  const ended = expect(asked).rejects.toMatchObject({ message: expect.stringContaining('closed') as string });
  await sleep(200);
  await materializer.run({ fullRefresh: true });
  expect((await materializer.query('select 1')).rows).toEqual([[1]]);
  let over = false;
  void ended.then(() => (over = true));
  await sleep(100);
  expect(over).toBe(false);
  await materializer[Symbol.asyncDispose]();
  await ended;
});
