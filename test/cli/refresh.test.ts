import { afterAll, expect, test } from 'vitest';
import { LensProcess } from './lens-process.ts';
import { customer, lines, order, Shop } from './shop.ts';

const services: LensProcess[] = [];

afterAll(async () => {
  for (const service of services) {
    service.child.kill('SIGKILL');
    await service.result;
  }
});

async function filled(): Promise<Shop> {
  const shop = new Shop();
  await shop.output(['produce', 'customers'], lines([customer('ann', 'de')]));
  await shop.output(['produce', 'orders'], lines([order(1, 'ann', '10.50'), order(2, 'ann', '1.00')]));
  await shop.output(['run']);
  return shop;
}

/** What a person sees of refreshing, going back, and other editions; the documentation's commands do the same without a service. */
async function refreshes(shop: Shop): Promise<void> {
  const count = ['query', 'select count(*) as n from fct_orders', '--format', 'csv'];
  const refreshed = await shop.lens(['run', '--full-refresh']);
  expect(refreshed).toMatchObject({ code: 0 });
  expect(refreshed.stdout).toMatch(
    /(?:^| )preflight: 3 records of 2 topics to replay, about .*B of disk needed, .* free$/m,
  );
  expect(refreshed.stdout).toMatch(/(?:^| )replay: replaying the log into warehouse\.edition-2\.duckdb$/m);
  expect(refreshed.stdout).toMatch(
    /(?:^| )edition 2 is live: 22 data tests passed, following was held for .*, readers were not; lens rollback returns to edition 1$/m,
  );
  expect(refreshed.stdout).toMatch(/(?:^| )done: 3 records replayed into edition 2, [\d.]+ m?s$/m);
  const some = await shop.output(['run', '--full-refresh', '--select', 'fct_orders']);
  expect(some).toMatch(/(?:^| )rebuild: rebuilding fct_orders, daily_sales in warehouse\.edition-3\.duckdb$/m);
  expect(some).toMatch(/(?:^| )done: 1 model refreshed in edition 3, 0 records applied to it, [\d.]+ m?s$/m);
  await shop.output(['produce', 'orders'], lines([order(3, 'ann', '2.00')]));
  expect(await shop.output(['rollback'])).toMatch(/(?:^| )edition 2 is live: .*returns to edition 3$/m);
  expect(await shop.output(count)).toBe('n\n3\n');
  // The service may have applied the third order before the rollback.
  expect(await shop.output([...count, '--edition', 'previous'])).toMatch(/^n\n[23]\n$/);
  await shop.output(['run', '--full-refresh', '--edition', 'early', '--to-time', '2020-01-01']);
  expect(await shop.output([...count, '--edition', 'early'])).toBe('n\n0\n');
  const listed = JSON.parse(await shop.output(['editions', '--json'])) as { name: string; builtBy: string }[];
  expect(listed.map(({ name, builtBy }) => [name, builtBy])).toEqual([
    ['live', 'full refresh'],
    ['previous', 'refresh of fct_orders'],
    ['early', 'replay --to-time 2020-01-01T00:00:00.000Z'],
  ]);
  expect(await shop.output(['status'])).toMatch(
    /^edition {4}2, full refresh, live since .*; before it 3, refresh of fct_orders, until .*; for reading: early$/m,
  );
  expect(await shop.lens([...count, '--edition', 'earli'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('did you mean early?') as string,
  });
  await shop.output(['editions', 'drop', 'early']);
  await shop.output(['editions', 'drop', 'previous']);
  expect(await shop.lens(['rollback'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^error EDITION_UNKNOWN: there is no edition before the live one/m) as string,
  });
}

test('a refresh, a rollback and other editions beside a running service, which says how far it is', async () => {
  const shop = await filled();
  const service = new LensProcess(['start', ...shop.flags]);
  services.push(service);
  await service.until(/commands are answered on port/);
  await refreshes(shop);
  service.child.kill('SIGTERM');
  expect(await service.result).toMatchObject({ code: 0 });
}, 120_000);

test('flags that do not fit together are usage errors', async () => {
  const shop = new Shop();
  const refused = async (...flags: string[]): Promise<string> => {
    const { code, stderr } = await shop.lens(['run', ...flags]);
    expect(code).toBe(2);
    return stderr;
  };
  expect(await refused('--edition', 'x')).toContain('belong to --full-refresh');
  expect(await refused('--full-refresh', '--to-time', '2020-01-01')).toContain('needs a name');
  expect(await refused('--full-refresh', '--edition', 'x')).toContain('give --to-offset or --to-time');
  expect(await refused('--full-refresh', '--edition', 'x', '--to-time', 'soon')).toContain('"soon" is no time');
  expect(await refused('--full-refresh', '--edition', 'x', '--to-offset', 'orders:1')).toContain('no place in the log');
}, 60_000);
