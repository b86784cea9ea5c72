import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { kafkaSuite } from '../kafka/kafka-suite.ts';
import { otherClient } from '../log/kafka/kafka-fixture.ts';
import { projectFolder } from '../project/project-folder.ts';
import { lens, type LensResult } from './lens-process.ts';

const TOPIC = `shop.orders-${Date.now().toString(36)}`;

kafkaSuite('a topic of JSON, made by another client', (brokers) => {
  test('is read by the contract that lens topics init writes, and its bad records can be redriven', async () => {
    const kafka = otherClient(brokers);
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({
      topics: [{ topic: TOPIC, numPartitions: 2, replicationFactor: 1 }],
      waitForLeaders: true,
    });
    await admin.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    const order = (id: number, price: unknown): string =>
      JSON.stringify({ order_id: id, price, at: '2026-11-20T10:00:00Z' });
    const send = (id: number, value: string): Promise<unknown> =>
      producer.send({ topic: TOPIC, messages: [{ key: String(id), value, headers: { trace: 'abc' }, partition: 1 }] });
    for (const id of [1, 2, 3]) await send(id, order(id, id * 10));
    const dir = projectFolder({
      'dbt_project.yml': 'name: lab\nversion: 0.1.0\nconfig-version: 2\nmodels:\n  lab:\n    +materialized: table\n',
      'models/s.yml': 'sources: [{name: shop, schema: main, tables: [{name: raw_orders}]}]\n',
      'models/total.sql': "select count(*) as orders, sum(price) as price from {{ source('shop', 'raw_orders') }}",
    });
    const flags = [
      '--project-dir',
      dir,
      '--data-dir',
      mkdtempSync(path.join(tmpdir(), 'lens-json-')),
      '--brokers',
      brokers.join(),
    ];
    const call = (args: readonly string[], input = ''): Promise<LensResult> => lens([...args, ...flags], { input });
    const init = await call(['topics', 'init', 'raw_orders', '--from-topic', TOPIC]);
    expect(init.code, init.stderr).toBe(0);
    // Whole numbers in all of the sample.
    await send(4, order(4, 'dear'));
    await producer.disconnect();
    expect((await call(['run'])).code).toBe(0);
    const total = async (): Promise<unknown> =>
      JSON.parse((await call(['query', 'from total', '--format', 'json'])).stdout);
    expect(await total()).toEqual([{ orders: 3, price: 60 }]);
    const shown = await call(['dlq', 'show', `${TOPIC}/1/3`]);
    expect(shown.stdout).toMatch(/\nreason {3}undecodable: .*price/);
    expect(shown.stdout).toContain('header   trace: abc');
    const redriven = await call(['dlq', 'redrive', `${TOPIC}/1/3`, '--edit', '-'], `{"value": ${order(4, 40)}}`);
    expect(redriven.stdout, redriven.stderr).toBe(`${TOPIC}/1/3  redriven\n`);
    expect(await total()).toEqual([{ orders: 4, price: 100 }]);
    expect((await call(['run', '--full-refresh'])).code).toBe(0);
    expect(await total()).toEqual([{ orders: 4, price: 100 }]);
  }, 180_000);
});
