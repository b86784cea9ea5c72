import { expect, test } from 'vitest';
import { LensProcess } from './lens-process.ts';
import { runningServices } from './running-services.ts';
import { customer, lines, Shop } from './shop.ts';

const running = runningServices();

/** A customer, one of a country that the contract does not know, and bytes that are none. */
async function filled(): Promise<Shop> {
  const shop = new Shop();
  const at = (value: object): string => JSON.stringify({ value, partition: 1, timestamp: '2026-11-20T10:00:00Z' });
  const bytes = '{"key": "kim", "valueBase64": "AAEC", "partition": 1, "timestamp": "2026-11-20T11:00:00Z"}';
  const records = lines([at(customer('ann', 'de')), at(customer('zoe', 'us')), bytes]);
  await shop.output(['produce', 'customers'], records);
  await shop.output(['run']);
  return shop;
}

test('dead letters are listed, shown, redriven with an edit and purged', async () => {
  const shop = await filled();
  const list = (await shop.output(['dlq', 'list'])).split('\n');
  expect(list[0]).toMatch(/^TOPIC +REASON +LETTERS +OLDEST +NEWEST$/);
  expect(list.slice(1, 3).map((line) => line.split(/ +/).slice(0, 3))).toEqual([
    ['customers', 'bad_magic', '1'],
    ['customers', 'check_failed', '1'],
  ]);
  expect(list.slice(5, 7).map((line) => line.split(/ {2,}/).slice(0, 5))).toEqual([
    ['customers/1/1', '2026-11-20T10:00:00Z', 'open', 'zoe', 'check_failed'],
    ['customers/1/2', '2026-11-20T11:00:00Z', 'open', 'kim', 'bad_magic'],
  ]);
  const json = JSON.parse(await shop.output(['dlq', 'list', '--reason', 'bad_magic', '--json'])) as {
    counts: object[];
    letters: object[];
  };
  expect(json).toMatchObject({ counts: [{ letters: 1 }], letters: [{ offset: 2, valueBase64: 'AAEC', headers: [] }] });
  expect((await shop.output(['dlq', 'list', '--limit', '1'])).trim()).toMatch(/and 1 more; --limit shows them$/);

  const shown = await shop.output(['dlq', 'show', 'customers', '1', '1']);
  expect(shown).toMatch(/^customers\/1\/1, open\n/);
  expect(shown).toMatch(/\nreason {3}check_failed: .*country/);
  expect(shown).toMatch(/\nhint {5}when the check in topic.yml is wrong/);
  expect(shown).toMatch(/\ndecoded {2}\{"key":"zoe","value":\{.*"country":"us".*\}\}\n/);
  expect(shown).toMatch(/\n {9}00000000 {2}00 00 00 00/);
  const { decoded } = JSON.parse(await shop.output(['dlq', 'show', 'customers/1@1', '--json'])) as { decoded: object };

  const rejected = await shop.lens(['dlq', 'redrive', '--topic', 'customers']);
  expect(rejected.code).toBe(1);
  expect(rejected.stdout).toMatch(
    /^customers\/1\/1 {2}rejected: check_failed: .*\ncustomers\/1\/2 {2}rejected: bad_magic/,
  );
  expect(rejected.stderr).toBe('2 dead letters rejected again, still open\n');

  const mended = JSON.stringify(decoded).replace('"us"', '"fr"');
  const edit = ['dlq', 'redrive', 'customers/1/1', '--edit', '-'];
  expect(await shop.output([...edit, '--dry-run'], mended)).toBe('customers/1/1  would be redriven\n');
  expect(await shop.rows('select customer_id from raw_customers order by 1')).toEqual([{ customer_id: 'ann' }]);
  expect(await shop.output(edit, mended)).toBe('customers/1/1  redriven\n');
  expect(await shop.output(edit, mended)).toBe('customers/1/1  redriven before, nothing to do\n');
  expect(await shop.rows("select country from raw_customers where customer_id = 'zoe'")).toEqual([{ country: 'fr' }]);
  expect(await shop.output(['dlq', 'show', 'customers/1/1'])).toMatch(
    /\ncounts {3}at its own place, edited\nkey {6}zoe\n/,
  );
  expect(await shop.output(['status'])).toContain('1 dead letters');

  const unasked = await shop.lens(['dlq', 'purge']);
  expect(unasked).toMatchObject({ code: 2 });
  expect(unasked.stderr).toContain('hint: --yes answers it');
  expect(await shop.output(['dlq', 'purge', '--older-than', '1h', '--yes'])).toBe('removed 0 dead letters\n');
  expect(await shop.output(['dlq', 'purge', '--yes'])).toBe('removed 1 dead letter\n');
  expect(await shop.output(['dlq', 'list'])).toBe('no dead letters\n');
  expect(await shop.output(['dlq', 'redrive'])).toBe('no open dead letters\n');
  const verified = JSON.parse(await shop.output(['verify', '--from', 'log', '--json'])) as { status: string };
  expect(verified.status).toBe('equal');
});

test('beside a running service, too; and what cannot be is said', async () => {
  const shop = await filled();
  const service = new LensProcess(['start', ...shop.flags]);
  running.push(service);
  await service.until(/commands are answered on port/);
  const mended = JSON.stringify({ value: customer('kim', 'nl') });
  expect(await shop.output(['dlq', 'redrive', 'customers/1/2', '--edit', '-'], mended)).toBe(
    'customers/1/2  redriven\n',
  );
  expect(await shop.rows("select country from dim_customers where customer_id = 'kim'")).toEqual([{ country: 'NL' }]);
  expect(await shop.output(['dlq', 'purge', 'customers/1/1', '--yes'])).toBe('removed 1 dead letter\n');
  for (const [args, code, error] of [
    [['show', 'customers/1/9'], 1, 'DEAD_LETTER_NOT_FOUND: there is no dead letter customers/1/9'],
    [['redrive', 'customers/1/9'], 1, 'DEAD_LETTER_NOT_FOUND: there is no dead letter customers/1/9'],
    [['show', 'customers'], 2, 'USAGE: customers is no place of a record'],
    [['redrive', '--edit', '-'], 2, 'USAGE: an edited payload is for one dead letter'],
    [['redrive', 'custmers/1/1', '--edit', '-'], 2, 'TOPIC_UNKNOWN: there is no topic "custmers"'],
    [['redrive', 'customers/1/2', '--edit', '-'], 1, 'INPUT_INVALID: not JSON'],
    [
      ['redrive', 'customers/1/2', '--edit', 'no.json'],
      1,
      'INPUT_UNREADABLE: cannot read no.json: no such file or directory\n',
    ],
    [['purge', '--older-than', 'old'], 2, "USAGE: option '--older-than <age>' argument 'old' is invalid"],
  ] as const) {
    const result = await shop.lens(['dlq', ...args], { input: 'x' });
    expect(result.code, result.stderr).toBe(code);
    expect(result.stderr).toContain(`error ${error}`);
  }
});
