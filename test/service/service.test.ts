import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LensProcess } from '../cli/lens-process.ts';
import { runningServices } from '../cli/running-services.ts';
import { customer, lines, order, Shop } from '../cli/shop.ts';

const running = runningServices();

async function started(shop: Shop, args: string[] = []): Promise<LensProcess> {
  const service = new LensProcess(['start', ...shop.flags, ...args]);
  running.push(service);
  await service.until(/commands are answered on port/);
  return service;
}

function serviceFile(shop: Shop): string {
  return path.join(shop.dataDir, 'service.json');
}

test('commands ask the service while it runs, and get the same as without it', async () => {
  const shop = new Shop();
  const service = await started(shop);
  expect(statSync(serviceFile(shop)).mode & 0o777).toBe(0o600);
  await shop.output(['produce', 'customers'], lines([customer('ann', 'de')]));
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50')]));
  const run = await shop.output(['run']);
  expect(run).toMatch(/OK kept sql table model main\.daily_sales .*\[OK, 1 row changed in /);
  expect(run).toMatch(/ {2}compaction: daily_sales 1 row changed, /);
  const sql = 'select * from fct_orders';
  const rows = await shop.rows(sql);
  expect(rows).toMatchObject([{ order_id: 1, amount_cents: 2100, country: 'DE' }]);
  expect(JSON.parse(await shop.output(['status', '--json']))).toMatchObject({ service: true, lag: 0 });
  const refused = await shop.lens(['query', 'drop table fct_orders']);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringMatching(/^error QUERY_REFUSED: .*\n {2}hint: /) as string,
  ]);
  expect(await shop.output(['compact', '--full'])).toContain('daily_sales');
  expect(await shop.output(['lag'])).toContain('orders');

  service.child.kill('SIGTERM');
  const end = await service.result;
  expect([end.code, end.stdout]).toEqual([0, '']);
  expect(end.stderr).toContain('stopped at a commit');
  expect(existsSync(serviceFile(shop))).toBe(false);
  expect(await shop.rows(sql)).toEqual(rows);
});

test('after kill -9 the file left behind is ignored, and the next service carries on', async () => {
  const shop = new Shop();
  const service = await started(shop);
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50'), order(2, 'ann', '1.00')]));
  await shop.output(['run']);
  const { pid } = JSON.parse(readFileSync(serviceFile(shop), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  await service.result;
  expect(existsSync(serviceFile(shop))).toBe(true);
  expect(await shop.rows('select count(*) as n from fct_orders')).toEqual([{ n: 2 }]);
  await started(shop);
  await shop.output(['produce', 'orders'], lines([order(3, 'ann', '1.00')]));
  await shop.output(['run']);
  expect(await shop.rows('select count(*) as n from fct_orders')).toEqual([{ n: 3 }]);
});

test('a second service on the same warehouse is refused, the first goes on', async () => {
  const shop = new Shop();
  await started(shop);
  const second = await shop.lens(['start']);
  expect([second.code, second.stderr]).toEqual([1, expect.stringContaining('error WAREHOUSE_LOCKED: ') as string]);
  expect(JSON.parse(await shop.output(['status', '--json']))).toMatchObject({ service: true });
});

test('nobody without the token is answered', async () => {
  const shop = new Shop();
  await started(shop);
  const { port } = JSON.parse(readFileSync(serviceFile(shop), 'utf8')) as { port: number };
  const status = await new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port, method: 'POST', headers: { authorization: 'Bearer x' } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    call.on('error', reject);
    call.end('{"method": "status", "params": []}');
  });
  expect(status).toBe(401);
});

test('the file of a dead or foreign process is no service', async () => {
  const shop = new Shop();
  await shop.output(['run', '--quiet']);
  // This very process is alive, but nobody listens on port 1.
  for (const text of [
    `{"pid": ${process.pid}, "port": 1, "token": "x"}`,
    '{"pid": 999999999, "port": 1, "token": "x"}',
    'garbage',
  ]) {
    writeFileSync(serviceFile(shop), text);
    expect(JSON.parse(await shop.output(['status', '--json']))).toMatchObject({ service: false });
  }
});
