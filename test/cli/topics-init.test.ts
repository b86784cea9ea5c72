import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterEach, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { projectFolder } from '../project/project-folder.ts';
import { projectWith, record } from '../topics/projects.ts';
import { lens, type LensResult } from './lens-process.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const FILES = {
  'dbt_project.yml': 'name: lab\nversion: 0.1.0\nconfig-version: 2\nmodels:\n  lab:\n    +materialized: table\n',
  'models/sources.yml': `sources:
  - name: shop
    schema: main
    tables:
      - name: orders
        identifier: raw_orders
      - name: people
        columns:
          - { name: id, data_type: bigint, data_tests: [unique, not_null] }
          - { name: born, data_type: date }
          - { name: balance, data_type: "decimal(10, 2)" }
          - { name: note }
`,
  'models/facts.sql': `select o.order_id, o.price, o.placed_at, o.tags[1] as tag, p.born, o.ship.lines[1].n as n
from {{ source('shop', 'orders') }} o left join {{ source('shop', 'people') }} p on p.id = o.customer`,
  'seeds/countries.csv': 'code,name\nde,Germany\n,Nowhere\n',
};

interface Lab {
  readonly dir: string;
  readonly call: (...args: string[]) => Promise<LensResult>;
  readonly log: () => EventLog;
}

function lab(files: Readonly<Record<string, string>> = FILES): Lab {
  const dir = projectFolder(files);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'lens-init-'));
  const flags = ['--project-dir', dir, '--data-dir', dataDir];
  return {
    dir,
    call: (...args) => lens([...args, ...flags]),
    log: () => openEmbeddedLog(path.join(dataDir, 'log.sqlite')),
  };
}

function read(dir: string, file: string): string {
  return readFileSync(path.join(dir, 'topics', file), 'utf8');
}

async function fillOrders(log: EventLog): Promise<void> {
  await log.createTopic({ name: 'raw_orders', partitions: 2, settings: {} });
  await using writer = await log.write();
  const orders = [
    '{"order_id": 1, "customer": 7, "price": 1.5, "placed_at": "2026-11-20T10:00:00Z", "tags": ["a"], "gone": {}, "ship": {"city": "Brno", "lines": [{"n": 1}, null]}}',
    '{"order_id": 2, "customer": 7, "price": 2, "placed_at": "2026-11-20 11:00:00.5", "tags": [], "mixed": "x"}',
    '{"order_id": 3, "customer": null, "price": 3, "placed_at": "2026-11-20T12:00:00Z", "tags": ["b", "c"], "mixed": 1}',
  ];
  for (const [i, order] of orders.entries())
    writer.add('raw_orders', Buffer.from(String(i + 1)), Buffer.from(order), { partition: 0 });
  writer.add('raw_orders', Buffer.from('4'), Buffer.from('no JSON'));
  writer.add('raw_orders', Buffer.from('9'), null);
}

test('a project with sources runs after it: JSON records by a sample, other tables by their columns', async () => {
  const { dir, call, log } = lab();
  {
    await using opened = log();
    await fillOrders(opened);
  }
  const dry = await call('topics', 'init', '--dry-run');
  expect(dry.stdout).toContain('# topics/raw_orders/topic.yml\n# Written by lens topics init from 3 JSON records');
  expect(existsSync(path.join(dir, 'topics'))).toBe(false);

  const written = await call('topics', 'init');
  expect(written.code, written.stderr).toBe(0);
  expect(written.stdout.trim().split('\n')).toEqual([
    'wrote topics/raw_orders/topic.yml',
    'wrote topics/raw_orders/1.avsc',
    'wrote topics/people/topic.yml',
    'wrote topics/people/1.avsc',
    'wrote topics/manifest.json',
  ]);
  expect(written.stderr.trim().split('\n')).toEqual([
    'raw_orders: gone is left out: it is an object',
    'raw_orders: mixed is left out: it is sometimes string, sometimes number',
    expect.stringContaining('raw_orders: 1 records of the sample could not be read: the value is not JSON'),
    'people: note is a text: its type is not declared',
  ]);
  expect(read(dir, 'raw_orders/topic.yml')).toMatch(
    /\ntable: raw_orders\nkey: order_id\nformat: json\npartitions: 2\n$/,
  );
  expect(read(dir, 'people/topic.yml')).toMatch(/\nkey: id\npartitions: 1\nsettings:\n {2}cleanup\.policy: compact\n$/);
  const fields = (JSON.parse(read(dir, 'raw_orders/1.avsc')) as { fields: { name: string; type: unknown }[] }).fields;
  expect(fields.map(({ name, type }) => [name, type])).toEqual([
    ['order_id', 'long'],
    ['customer', ['null', 'long']],
    ['price', 'double'],
    ['placed_at', { type: 'long', logicalType: 'timestamp-micros' }],
    ['tags', { type: 'array', items: 'string' }],
    [
      'ship',
      [
        'null',
        {
          type: 'record',
          name: 'ship_record',
          fields: [
            { name: 'city', type: ['null', 'string'], default: null },
            {
              name: 'lines',
              type: [
                'null',
                { type: 'array', items: ['null', expect.objectContaining({ name: 'ship_lines_record' })] },
              ],
              default: null,
            },
          ],
        },
      ],
    ],
  ]);

  expect((await call('topics', 'init')).stdout).toBe('every source table has its topic\n');
  const person = JSON.stringify({ value: { id: 7, born: '1990-01-02', balance: '1.50', note: null } });
  const { code, stderr } = await call('run');
  expect(code, stderr).toBe(0);
  const produced = async (topic: string, line: string): Promise<LensResult> =>
    lens(['produce', topic, '--project-dir', dir, '--data-dir', dataDirOf(log)], { input: line });
  expect((await produced('people', person)).code).toBe(0);
  const order = {
    order_id: 5,
    customer: 7,
    price: 9.5,
    placed_at: '2026-11-21T10:00:00Z',
    tags: [],
    ship: { lines: [{ n: 4 }] },
  };
  expect((await produced('raw_orders', JSON.stringify({ value: order }))).code).toBe(0);
  expect((await call('run')).code).toBe(0);
  const facts = await call('query', 'select * from facts order by 1', '--format', 'json');
  expect(JSON.parse(facts.stdout)).toEqual([
    { order_id: 1, price: 1.5, placed_at: '2026-11-20T10:00:00Z', tag: 'a', born: '1990-01-02', n: 1 },
    { order_id: 2, price: 2, placed_at: '2026-11-20T11:00:00.500000Z', tag: null, born: '1990-01-02', n: null },
    { order_id: 3, price: 3, placed_at: '2026-11-20T12:00:00Z', tag: 'b', born: null, n: null },
    { order_id: 5, price: 9.5, placed_at: '2026-11-21T10:00:00Z', tag: null, born: '1990-01-02', n: 4 },
  ]);
  // As plain JSON, which others that read the topic understand.
  await using opened = log();
  await using reader = await opened.read([0, 1].map((partition) => ({ topic: 'raw_orders', partition, offset: 0 })));
  const values: string[] = [];
  for (let block = await reader.next(500); block !== null; block = await reader.next(500)) {
    for (let i = 0; i < block.count; i++) values.push(Buffer.from(block.value(i) ?? []).toString());
  }
  expect(values).toContain(JSON.stringify(order));
  expect((await call('dlq', 'list')).stdout).toContain('undecodable');
}, 120_000);

function dataDirOf(log: () => EventLog): string {
  const opened = log();
  const file = opened.description.replace('embedded log ', '');
  void opened[Symbol.asyncDispose]();
  return path.dirname(file);
}

test('seeds by their files, with a key that is given; what cannot be is said', async () => {
  // a template that asks for rows of a source that has no topic yet
  const asking = "{% set notes = run_query('select distinct note from ' ~ source('shop', 'people')) %}\n";
  const { dir, call } = lab({
    ...FILES,
    'models/asking.sql': `${asking}select {{ notes.rows | length if execute else 0 }} as notes`,
  });
  const twice = await call('topics', 'init', '--key', 'code');
  expect(twice.stderr).toContain('error USAGE: --from-topic and --key are for one table');
  const result = await call('topics', 'init', 'countries', '--key', 'code');
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toContain(
    'countries: its rows are not in the topic yet: lens produce countries --from seeds/countries.csv; until then',
  );
  expect(loadTopics(dir).contracts).toMatchObject([
    { name: 'countries', table: 'countries', mode: 'upsert', key: ['code'] },
  ]);
  expect((await call('topics', 'init', 'nothing')).stderr).toContain('they are raw_orders, people');
  const orders = await call('topics', 'init', 'shop.orders');
  expect(orders.code).toBe(1);
  expect(orders.stderr).toMatch(
    /^raw_orders: there is no topic raw_orders with records to look at, and .* declares no columns\n {2}hint: /,
  );
}, 60_000);

test('tables of a database and files of a folder: contracts with a likely key, then their rows', async () => {
  const sources = `sources:
  - name: shop
    tables:
      - { name: orders, identifier: raw_orders, columns: [{ name: Order ID, quote: true, data_tests: [unique] }] }
      - { name: people }
`;
  const facts = `select o."Order ID" as order_id, o.price, o."2024"."group"[1] as g, p.name, p.of.team as team
from {{ source('shop', 'orders') }} o left join {{ source('shop', 'people') }} p on p.id = o.customer`;
  const { dir, call } = lab({ ...FILES, 'models/sources.yml': sources, 'models/facts.sql': facts });
  const unknown = await call('topics', 'init');
  expect(unknown.code).toBe(1);
  expect(unknown.stderr).toContain(
    'raw_orders: there is no topic raw_orders with records to look at, and models/sources.yml declares no data_type',
  );
  expect(existsSync(path.join(dir, 'topics'))).toBe(false);

  const database = path.join(dir, 'dev.duckdb');
  const instance = await DuckDBInstance.create(database);
  const connection = await instance.connect();
  await connection.run(`create schema shop; create table shop.raw_orders as
    select *, {'group': [customer::utinyint, null], 'at': timestamptz '2026-11-20 10:00:00+02'} as "2024"
    from (values (1, 7, 1.50::decimal(9, 2)), (2, 8, 2.25), (3, 8, null)) t("Order ID", customer, price)`);
  connection.closeSync();
  instance.closeSync();
  const folder = path.join(dir, 'files');
  mkdirSync(folder);
  const people8 = '{"name": "Ann", "id": 8, "of": {"team": ["x"]}}';
  writeFileSync(path.join(folder, 'people.jsonl'), `{"name": "Ann", "id": 7}\n${people8}\n`);
  const written = await call('topics', 'init', '--from', database);
  expect(written.code).toBe(1);
  expect(written.stderr).toContain('raw_orders: the key is Order ID, since it tells the rows there apart');
  expect(written.stderr).toContain('people: there is no topic people');
  expect(written.stderr).toContain(`the rows there are not in the topics yet: lens produce --from ${database}`);
  const yml = read(dir, 'raw_orders/topic.yml');
  expect(yml).toContain('# Written by lens topics init from shop.raw_orders of ');
  expect(yml).toContain('# To be looked at: 2024.at is a TIMESTAMP in UTC: Avro has none with a time zone\n');
  expect(yml).toMatch(/\nkey: Order_ID\n[^]*\ncolumns:\n {2}Order_ID: "Order ID"\n {2}_2024: "2024"\n$/);
  const people = await call('topics', 'init', '--from', folder);
  expect(people.code, people.stderr).toBe(0);
  expect(people.stderr).toContain('people: nothing says what the message key is');

  const first = await call('produce', '--from', database);
  expect(first.stdout).toBe('published 3 records to raw_orders\n');
  expect(first.stderr).toContain(`people: there is no such table in ${database}`);
  expect((await call('produce', 'people', '--from', path.join(folder, 'people.jsonl'))).stdout).toContain(
    'published 2',
  );
  expect((await call('produce', '--from', path.join(folder, 'people.jsonl'))).stderr).toContain('error USAGE');
  expect((await call('run')).code).toBe(0);
  const rows = await call('query', 'select * from facts order by 1', '--format', 'json');
  expect(JSON.parse(rows.stdout)).toEqual([
    { order_id: 1, price: '1.50', g: 7, name: 'Ann', team: null },
    { order_id: 2, price: '2.25', g: 8, name: 'Ann', team: ['x'] },
    { order_id: 3, price: null, g: 8, name: 'Ann', team: ['x'] },
  ]);
  const why = await call('why', 'facts', '2');
  expect(why.stdout, why.stderr).toMatch(/raw_orders {2}1 row .*\n +Order ID=2 {2}raw_orders\[/);
}, 120_000);

test('a source in a file: what reads it is left out until a topic feeds it; a project that is refused leaves no topics', async () => {
  const dir = projectFolder({
    'dbt_project.yml': FILES['dbt_project.yml'],
    'models/sources.yml': `sources:
  - name: shop
    schema: main
    meta: {external_location: "data/{name}.csv"}
    tables: [{name: orders}]
`,
    'models/facts.sql':
      "{{ config(unique_key='no') }} select price, sum(id) over () as n from {{ source('shop', 'orders') }}",
    'data/orders.csv': 'id,price\n1,2.5\n',
  });
  const flags = ['--project-dir', dir, '--data-dir', mkdtempSync(path.join(tmpdir(), 'lens-init-'))];
  const call = (...args: string[]): Promise<LensResult> => lens([...args, ...flags]);
  const file = path.join(dir, 'data/orders.csv');
  const left = await call('run');
  expect([left.code, left.stderr]).toEqual([
    0,
    'models/facts.sql: the model facts is left out, since it reads shop.orders: models/sources.yml:5 has external_location, ' +
      'and sources are read from topics: none feeds orders\n',
  ]);
  const { stderr } = await call('topics', 'init', 'orders', '--from', file);
  expect(stderr).toContain(`the rows there are not in the topics yet: lens produce orders --from ${file}\n`);
  expect(await call('run')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error PROJECT_INVALID/) });
  writeFileSync(path.join(dir, 'models/facts.sql'), "select price from {{ source('shop', 'orders') }}");
  expect((await call('produce', 'orders', '--from', file)).stderr).toBe('created topics orders\n');
  const run = await call('run');
  expect([run.code, run.stdout.includes('compaction')], run.stderr).toEqual([0, false]);
  expect(JSON.parse((await call('query', 'from facts', '--format', 'json')).stdout)).toEqual([{ price: 2.5 }]);
}, 60_000);

test('Avro records and subjects by the schema registry', async () => {
  const { dir, call, log } = lab();
  const schema = record([
    { name: 'order_id', type: ['null', 'long'], default: null },
    { name: 'price', type: 'double' },
    { name: 'extra', type: { type: 'map', values: 'string' } },
  ]);
  const people = record([{ name: 'id', type: 'long' }]);
  const url = await registryWith({ 'people-value': people }, { 100: schema });
  const writer = loadTopics(
    projectWith({
      't/topic.yml': 'table: t\nmode: append\n',
      't/1.avsc': record([
        { name: 'order_id', type: ['null', 'long'], default: null },
        { name: 'price', type: 'double' },
      ]),
      'manifest.json': { 100: { topic: 't', version: 1 } },
    }),
  );
  {
    await using opened = log();
    await opened.createTopic({ name: 'orders', partitions: 1, settings: {} });
    await using appending = await opened.write();
    for (const id of [1, 2]) {
      const { value } = await writer.json('t').encode(null, { order_id: id, price: 1.5 });
      // An empty map stands at the end.
      appending.add('orders', Buffer.from(String(id)), Buffer.concat([value as Uint8Array, Buffer.from([0])]));
    }
  }
  const result = await call('topics', 'init', '--registry', url);
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toMatch(/raw_orders: extra is left out: field extra: /);
  const { contracts } = loadTopics(dir);
  expect(contracts).toMatchObject([
    {
      name: 'orders',
      table: 'raw_orders',
      format: 'avro',
      key: ['order_id'],
      columns: [{ name: 'order_id', nullable: false }, {}],
    },
    { name: 'people', table: 'people', key: ['id'] },
  ]);
  expect(read(dir, 'people/topic.yml')).toContain("from the registry's subject people-value");
  expect((await call('run', '--select', 'nothing', '--registry', url)).code).toBe(0);
}, 60_000);

async function registryWith(
  subjects: Readonly<Record<string, unknown>>,
  ids: Readonly<Record<number, unknown>>,
): Promise<string> {
  const server = createServer((request, response) => {
    const [, subject] = /^\/subjects\/(.+)\/versions\/latest$/.exec(request.url ?? '') ?? [];
    const [, id] = /^\/schemas\/ids\/(\d+)$/.exec(request.url ?? '') ?? [];
    const found = subject === undefined ? ids[Number(id)] : subjects[subject];
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found === undefined ? { error_code: 40401 } : { schema: JSON.stringify(found) }));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
