import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Materializer } from '../../src/materializer/materializer.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { projectFolder } from '../project/project-folder.ts';
import { contents, differences, Workshop } from './workshop.ts';

const SCHEMA = { type: 'record', name: 'O', fields: ['order_id', 'price'].map((name) => ({ name, type: 'long' })) };
const WITH_COUNTRY = { ...SCHEMA, fields: [...SCHEMA.fields, { name: 'country', type: 'string' }] };

/** Orders by a topic, countries and rates by files: folded, compacted, and rebuilt models over both. */
function folder(): string {
  return projectFolder({
    'dbt_project.yml':
      'name: lab\nversion: 0.1.0\nconfig-version: 2\nmodels:\n  lab:\n    +materialized: table\nseeds:\n  lab:\n    rates:\n      +alias: fixed_rates\n      +column_types: {rate: "decimal(6,2)"}\n',
    'topics/manifest.json': JSON.stringify({ 1: { topic: 'orders', version: 1 } }),
    'topics/orders/topic.yml': 'table: raw_orders\nkey: order_id\npartitions: 1\n',
    'topics/orders/1.avsc': JSON.stringify(WITH_COUNTRY),
    'seeds/countries.csv': 'code,name,since\nde,Germany,1990-10-03\nfr,France,1958-10-04\n',
    'seeds/rates.csv': 'code,rate\nde,1.50\nfr,2\n',
    'models/sources.yml': 'sources:\n  - name: shop\n    schema: main\n    tables: [{name: raw_orders}]\n',
    'models/facts.sql':
      "select o.order_id, o.price, c.name, r.rate from {{ source('shop', 'raw_orders') }} o left join {{ ref('countries') }} c on c.code = o.country left join {{ ref('rates') }} r on r.code = o.country",
    'models/by_name.sql': 'select name, count(*) as orders, sum(price) as price from {{ ref("facts") }} group by name',
    'models/later.sql':
      "{{ config(upkeep='compaction') }} select name, max(rate) as rate from {{ ref('facts') }} group by name",
    'models/ranked.sql': "select code, row_number() over (order by name) as place from {{ ref('countries') }}",
  });
}

async function open(workshop: Workshop, dir: string, dataDir?: string): Promise<Materializer> {
  const options = { project: loadProject(dir), catalog: loadTopics(dir) };
  return workshop.open(dataDir === undefined ? options : { ...options, dataDir });
}

const order = (id: number, country: string, price: number) => ({
  topic: 'orders',
  key: id,
  value: { order_id: id, price, country },
});

async function rows(materializer: Materializer, sql: string): Promise<readonly unknown[]> {
  return (await materializer.query(sql)).rows;
}

async function expectSound(materializer: Materializer, workshop: Workshop): Promise<void> {
  expect(await differences(materializer, workshop.project, ['batch', 'compaction'])).toEqual([]);
  const signal = new AbortController().signal;
  const { tables, replays } = await materializer.verify({ from: 'log', chaos: { replays: 1, seed: 3 }, signal });
  expect(tables.map(({ status }) => status)).toEqual(tables.map(() => 'equal'));
  expect(replays.map(({ status }) => status)).toEqual(['equal']);
}

describe('seeds', () => {
  it('are tables with their types, and a changed file updates what depends on it in one transaction', async () => {
    const dir = folder();
    await using workshop = await Workshop.of(dir);
    await using materializer = await open(workshop, dir);
    expect(workshop.events).toContainEqual(
      expect.objectContaining({ message: 'loaded seed countries from seeds/countries.csv: 2 rows' }),
    );
    await workshop.publish([order(1, 'de', 5), order(2, 'fr', 7), order(3, 'nl', 9)]);
    await materializer.run({});
    expect(await rows(materializer, 'select * from by_name order by name')).toEqual([
      ['France', 1, 7],
      ['Germany', 1, 5],
      [null, 1, 9],
    ]);
    const types =
      "select column_name, data_type from duckdb_columns() where table_name in ('countries', 'fixed_rates')";
    expect(await rows(materializer, `${types} order by 1, 2`)).toEqual([
      ['code', 'VARCHAR'],
      ['code', 'VARCHAR'],
      ['name', 'VARCHAR'],
      ['rate', 'DECIMAL(6,2)'],
      ['since', 'DATE'],
    ]);
    await expectSound(materializer, workshop);

    writeFileSync(
      path.join(dir, 'seeds/countries.csv'),
      'code,name,since\nde,Deutschland,1990-10-03\nnl,Nederland,1815-03-16\n',
    );
    expect((await materializer.status()).seeds.map(({ changed }) => changed)).toEqual([true, false]);
    const { results } = await materializer.seed({ seeds: ['countries'] });
    expect(results).toMatchObject([{ name: 'countries', status: 'success', message: 'INSERT 2' }]);
    const named = [
      ['Deutschland', 1, 5],
      ['Nederland', 1, 9],
      [null, 1, 7],
    ];
    expect(await rows(materializer, 'select * from by_name order by name')).toEqual(named);
    expect(await rows(materializer, 'select * from later order by name')).toEqual([
      ['Deutschland', '1.50'],
      ['Nederland', null],
      [null, '2.00'],
    ]);
    expect((await materializer.status()).seeds).toEqual([
      { name: 'countries', path: 'seeds/countries.csv', rows: 2, changed: false, problem: null },
      { name: 'rates', path: 'seeds/rates.csv', rows: 2, changed: false, problem: null },
    ]);
    await expectSound(materializer, workshop);
    // The file says something else by now; a replay takes what was loaded.
    writeFileSync(path.join(dir, 'seeds/rates.csv'), 'code,rate\nde,9\n');
    await expectSound(materializer, workshop);
    const before = await contents(materializer);
    await materializer.run({ fullRefresh: true });
    expect(await rows(materializer, 'select * from fixed_rates')).toEqual([['de', '9.00']]);
    expect(await rows(materializer, 'select * from by_name order by name')).toEqual(named);
    expect(Object.keys(await contents(materializer))).toEqual(Object.keys(before));
  });

  it('are loaded at start when their files changed, also with other columns', async () => {
    const dir = folder();
    await using workshop = await Workshop.of(dir);
    const dataDir = path.join(workshop.dir, 'data');
    await workshop.publish([order(1, 'de', 5)]);
    {
      await using materializer = await open(workshop, dir, dataDir);
      await materializer.run({});
    }
    const file = path.join(dir, 'seeds/countries.csv');
    writeFileSync(file, 'code,name,since\nde,Deutschland,1990-10-03\n');
    {
      await using materializer = await open(workshop, dir, dataDir);
      expect(await rows(materializer, 'select name from facts')).toEqual([['Deutschland']]);
      expect(workshop.events.slice(-1)).toEqual([
        {
          kind: 'seed-loaded',
          seed: 'countries',
          message: 'loaded seed countries again, since seeds/countries.csv changed: 4 model rows changed',
        },
      ]);
      // Columns are what models are planned by.
      writeFileSync(file, 'code,name,since\nde,1,1990-10-03\n');
      const { results } = await materializer.seed({ seeds: ['countries'] });
      expect(results).toMatchObject([{ status: 'error', message: expect.stringContaining('other columns') as string }]);
      expect(await rows(materializer, 'select name from facts')).toEqual([['Deutschland']]);
    }
    await using materializer = await open(workshop, dir, dataDir);
    expect(await rows(materializer, 'select name from facts')).toEqual([[1]]);
    await expectSound(materializer, workshop);
  });

  it('are loaded once by a process that is opened to load them, and at each further asking', async () => {
    const dir = folder();
    await using workshop = await Workshop.of(dir);
    await using materializer = await open(workshop, dir);
    const loadedAt = async (): Promise<string> =>
      JSON.stringify(await rows(materializer, 'select loaded_at::varchar from lens.seeds order by 1'));
    const first = await loadedAt();
    const messages = async (): Promise<unknown> => (await materializer.seed({})).results.map(({ message }) => message);
    expect(await messages()).toEqual(['INSERT 2', 'INSERT 2']);
    expect(await loadedAt()).toBe(first);
    expect(await messages()).toEqual(['INSERT 2', 'INSERT 2']);
    expect(await loadedAt()).not.toBe(first);
    // a file that has changed since
    await using again = await open(workshop, dir, path.join(workshop.dir, 'other'));
    writeFileSync(path.join(dir, 'seeds/rates.csv'), 'code,rate\nde,1.75\n');
    expect((await again.seed({ seeds: ['rates'] })).results).toMatchObject([{ message: 'INSERT 1' }]);
    expect(await rows(again, 'select rate from fixed_rates')).toEqual([['1.75']]);
  });

  it('that are loaded while the next edition is built are in it when it takes over', async () => {
    const dir = folder();
    // Kept from the rows that come and go alone.
    writeFileSync(
      path.join(dir, 'models/counted.sql'),
      "select code, count(*) as lines from {{ ref('countries') }} group by code",
    );
    await using workshop = await Workshop.of(dir);
    await using materializer = await open(workshop, dir);
    await workshop.publish([order(1, 'de', 5)]);
    await materializer.run({});
    let loading: Promise<unknown> | undefined;
    const onProgress = (news: { readonly kind: string; readonly phase?: string }): void => {
      if (news.phase !== 'catch up') return;
      writeFileSync(path.join(dir, 'seeds/countries.csv'), 'code,name,since\nde,Deutschland,1990-10-03\n');
      loading = materializer.seed({});
    };
    await materializer.run({ fullRefresh: true, onProgress });
    await loading;
    expect(await rows(materializer, 'select * from by_name')).toEqual([['Deutschland', 1, 5]]);
    expect(await rows(materializer, 'select name from countries')).toEqual([['Deutschland']]);
    // As often as a line is in the file.
    for (const times of [2, 4, 1]) {
      writeFileSync(
        path.join(dir, 'seeds/countries.csv'),
        `code,name,since\n${'nl,Nederland,1815-03-16\n'.repeat(times)}`,
      );
      await materializer.seed({});
      expect(await rows(materializer, 'select code, place from ranked order by all')).toEqual(
        [1, 2, 3, 4].slice(0, times).map((place) => ['nl', place]),
      );
      expect(await rows(materializer, 'select * from counted')).toEqual([['nl', times]]);
    }
  });

  it('lead from a row to the lines of their files', async () => {
    const dir = folder();
    await using workshop = await Workshop.of(dir);
    await using materializer = await open(workshop, dir);
    await workshop.publish([order(2, 'fr', 7)]);
    await materializer.run({});
    const { table } = await materializer.why({ table: 'facts', key: [2], limit: 5 });
    const below = table.inputs.map(({ name, kind, rows: found }) => [
      name,
      kind,
      ...found.flatMap((row) => row.lines ?? []),
    ]);
    expect(below).toEqual([
      ['raw_orders', 'raw table'],
      ['countries', 'seed', 'seeds/countries.csv:3'],
      ['rates', 'seed', 'seeds/rates.csv:3'],
    ]);
    const seed = await materializer.why({ table: 'countries', key: ['de'], limit: 5 });
    expect(seed.table.rows[0]?.lines).toEqual(['seeds/countries.csv:2']);
  });

  it('give way to a topic with their table', async () => {
    const dir = folder();
    writeFileSync(
      path.join(dir, 'topics/manifest.json'),
      JSON.stringify({ 1: { topic: 'orders', version: 1 }, 2: { topic: 'c', version: 1 } }),
    );
    const fields = ['code', 'name'].map((name) => ({ name, type: 'string' }));
    mkdirSync(path.join(dir, 'topics/c'));
    writeFileSync(path.join(dir, 'topics/c/topic.yml'), 'table: countries\nkey: code\n');
    writeFileSync(path.join(dir, 'topics/c/1.avsc'), JSON.stringify({ type: 'record', name: 'C', fields }));
    await using workshop = await Workshop.of(dir);
    await using materializer = await open(workshop, dir);
    await workshop.publish([order(1, 'de', 5), { topic: 'c', key: 'de', value: { code: 'de', name: 'by topic' } }]);
    await materializer.run({});
    expect(await rows(materializer, 'select name from facts')).toEqual([['by topic']]);
    const loaded = await materializer.seed({});
    expect(loaded.results.map(({ name, status, message }) => [name, status, message])).toEqual([
      ['countries', 'success', 'OK, fed by topic c'],
      ['rates', 'success', 'INSERT 2'],
    ]);
    expect(loaded.results[0]?.remarks).toEqual(['countries: the topic c feeds its table, not seeds/countries.csv']);
    writeFileSync(path.join(dir, 'seeds/rates.csv'), 'code,rate\nde,4\n');
    const built = await materializer.run({ seeds: ['countries', 'rates'], models: [] });
    expect(built.results.map(({ name, message }) => [name, message])).toEqual([
      ['countries', 'OK, fed by topic c'],
      ['rates', 'INSERT 1'],
    ]);
    expect(await rows(materializer, 'select rate from facts')).toEqual([['4.00']]);
  });

  it('that cannot be loaded hold nobody up who can do without them', async () => {
    const dir = folder();
    // Read by nobody, and with other columns than those that its values have.
    writeFileSync(path.join(dir, 'seeds/unread.csv'), 'n\n99999999999\n');
    await using workshop = await Workshop.of(dir);
    const dataDir = path.join(workshop.dir, 'data');
    const notices = (): string[] => workshop.events.flatMap((event) => (event.kind === 'notice' ? event.message : []));
    {
      await using materializer = await open(workshop, dir, dataDir);
      expect(notices().filter((text) => text.startsWith('seed unread cannot be loaded'))).toHaveLength(1);
      await expectSound(materializer, workshop);
      writeFileSync(path.join(dir, 'seeds/unread.csv'), 'n\n5\n');
      expect((await materializer.seed({ seeds: ['unread'] })).results).toMatchObject([{ status: 'success' }]);
      expect(await rows(materializer, 'select * from unread')).toEqual([[5]]);
    }
    writeFileSync(path.join(dir, 'seeds/rates.csv'), 'code,rate\nde,abc\n');
    await using materializer = await open(workshop, dir, dataDir);
    expect(notices().at(-1)).toMatch(/^seed rates cannot be loaded: .*its table stays as it was$/s);
    expect(await rows(materializer, 'select count(*) from fixed_rates')).toEqual([[2]]);
    expect((await materializer.seed({})).results.map(({ name, status }) => [name, status])).toEqual([
      ['countries', 'success'],
      ['rates', 'error'],
      ['unread', 'success'],
    ]);
  });

  it('that cannot be loaded and have no table are errors, and leave out only what reads them', async () => {
    const dir = folder();
    await using workshop = await Workshop.of(dir);
    const dataDir = path.join(workshop.dir, 'data');
    const file = path.join(dir, 'seeds/countries.csv');
    const good = 'code,name,since\nde,Germany,1990-10-03\n';
    await workshop.publish([order(1, 'de', 5)]);
    writeFileSync(path.join(dir, 'models/orders.sql'), "select order_id from {{ source('shop', 'raw_orders') }}");
    const statuses = (results: readonly { name: string; status: string }[]): string[] =>
      results.map(({ name, status }) => `${name} ${status}`);
    for (const [csv, why] of [
      ['code,name,since\nde,Germany,1990-10-03,x\n', 'seeds/countries.csv:2: seed countries: the row has 4 values'],
      ['', 'seeds/countries.csv:1: seed countries: the first line must name the columns'],
      ['code,name,since,big\nde,Germany,1990-10-03,99999999999\n', 'seeds/countries.csv: seed countries cannot be'],
    ] as const) {
      writeFileSync(file, csv);
      await using materializer = await open(workshop, dir, path.join(workshop.dir, `data${csv.length}`));
      const told = workshop.events.flatMap((event) => (event.kind === 'notice' ? event.message : []));
      expect(told.find((text) => text.startsWith(why))).toMatch(/it is loaded at the next start at which it can be$/);
      expect(told).toContainEqual(expect.stringContaining('the model by_name is left out, since it reads facts'));
      const { results, models } = await materializer.run({ seeds: ['countries', 'rates'] });
      expect(statuses(results)).toEqual([
        'orders success',
        'countries error',
        'ranked skipped',
        'rates success',
        'facts skipped',
        'by_name skipped',
        'later skipped',
      ]);
      expect(results.find(({ name }) => name === 'facts')?.remarks).toEqual([
        'models/facts.sql is left out, since it reads countries',
      ]);
      expect(models.filter(({ status }) => status === 'success').map(({ name }) => name)).toEqual(['orders']);
      // without seeds the one that a model lacks is there all the same
      expect(statuses((await materializer.run({ models: ['ranked'] })).results)).toEqual([
        'countries error',
        'ranked skipped',
      ]);
      expect(statuses((await materializer.run({ models: ['orders'] })).results)).toEqual(['orders success']);
      expect(statuses((await materializer.seed({})).results)).toEqual(['countries error', 'rates success']);
      const status = await materializer.status();
      expect([status.state, status.seeds.at(-1)]).toMatchObject(['failed', { name: 'countries', rows: 0 }]);
      // an edition of what is there can be built; mended, the seed comes with it
      writeFileSync(file, good);
      await materializer.run({ fullRefresh: true });
      expect(await rows(materializer, 'select name from facts')).toEqual([['Germany']]);
      expect((await materializer.status()).state).toBe('current');
    }
    writeFileSync(file, '');
    {
      await using materializer = await open(workshop, dir, dataDir);
      writeFileSync(file, good);
      const [result] = (await materializer.seed({ seeds: ['countries'] })).results;
      expect(result?.message).toContain('restart the service: it loads the seed and builds what reads it');
    }
    await using materializer = await open(workshop, dir, dataDir);
    await materializer.run({});
    expect(await rows(materializer, 'select name from facts')).toEqual([['Germany']]);
    await expectSound(materializer, workshop);
    // a refresh must not lose what is there
    writeFileSync(file, '');
    await expect(materializer.run({ fullRefresh: true })).rejects.toThrow('the first line must name the columns');
    expect(await rows(materializer, 'select name from facts')).toEqual([['Germany']]);
  });

  it('whose files are no tables any more keep their tables', async () => {
    const dir = folder();
    await using workshop = await Workshop.of(dir);
    const dataDir = path.join(workshop.dir, 'data');
    await workshop.publish([order(1, 'de', 5)]);
    {
      await using materializer = await open(workshop, dir, dataDir);
      await materializer.run({});
    }
    for (const csv of ['code,name\nde,a,b,c\n', 'code,n\nde,99999999999\n', '']) {
      writeFileSync(path.join(dir, 'seeds/countries.csv'), csv);
      await using materializer = await open(workshop, dir, dataDir);
      await workshop.publish([order(csv.length, 'de', 7)]);
      const { results } = await materializer.run({ seeds: ['countries'], models: ['facts'] });
      expect(results.map(({ name, status }) => `${name} ${status}`)).toEqual(['countries error', 'facts skipped']);
      const at = `select name from facts where order_id = ${csv.length}`;
      expect(await rows(materializer, at)).toEqual([['Germany']]);
      const { table } = await materializer.why({ table: 'facts', key: [csv.length], limit: 5 });
      expect(table.inputs.map(({ name }) => name)).toEqual(['raw_orders', 'countries', 'rates']);
    }
  });
});

describe('a source that is the table of a seed', () => {
  it('is read as it is, and follows the file', async () => {
    const dir = folder();
    writeFileSync(
      path.join(dir, 'models/sources.yml'),
      `sources:
  - {name: shop, schema: main, tables: [{name: raw_orders}]}
  - {name: files, schema: main, tables: [{name: given_rates, identifier: fixed_rates}]}
`,
    );
    writeFileSync(
      path.join(dir, 'models/doubled.sql'),
      "select code, rate * 2 as twice from {{ source('files', 'given_rates') }}",
    );
    await using workshop = await Workshop.of(dir);
    await using materializer = await open(workshop, dir);
    const doubled = 'select code, twice from doubled order by code';
    expect(await rows(materializer, doubled)).toEqual([
      ['de', '3.00'],
      ['fr', '4.00'],
    ]);
    writeFileSync(path.join(dir, 'seeds/rates.csv'), 'code,rate\nde,1.75\nnl,3\n');
    await materializer.seed({ seeds: ['rates'] });
    expect(await rows(materializer, doubled)).toEqual([
      ['de', '3.50'],
      ['nl', '6.00'],
    ]);
    await expectSound(materializer, workshop);
  });
});
