import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { loadTopics, type TopicCatalog } from '../../src/topics/catalog.ts';
import { wireIdOf } from '../../src/topics/wire-format.ts';
import { blockOf } from './blocks.ts';
import { projectWith, record, rowsOf } from './projects.ts';

const ID = { name: 'id', type: 'long' };
const FILES = { 'things/topic.yml': 'table: raw_things\nkey: id\n', 'things/1.avsc': record([ID]) };

/** A registry in small: remembers schemas by subject, gives them by id, answers slowly or badly when told so. */
class TestRegistry {
  readonly requests: string[] = [];
  readonly schemas = new Map<number, { schema: string; schemaType?: string }>();
  readonly subjects = new Map<string, number>();
  authorization: string | undefined;
  /** Status codes of the next answers, before it behaves again. */
  bad: number[] = [];
  readonly #server: Server;
  #nextId = 100;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        this.requests.push(`${request.method} ${request.url}`);
        this.authorization = request.headers.authorization;
        const [status, json] = this.#answer(request.url ?? '', body);
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
      });
    });
  }

  #answer(url: string, body: string): [number, unknown] {
    const bad = this.bad.shift();
    if (bad !== undefined) return [bad, { error_code: bad, message: 'no' }];
    const [, , , id] = /^\/schemas\/(ids)(\/)(\d+)$/.exec(url) ?? [];
    if (id !== undefined) {
      const found = this.schemas.get(Number(id));
      return found === undefined ? [404, { error_code: 40403, message: 'Schema not found' }] : [200, found];
    }
    const subject = /^\/subjects\/([^/]+)\/versions$/.exec(url)?.[1];
    if (subject === undefined) return [404, {}];
    const { schema } = JSON.parse(body) as { schema: string };
    const key = `${subject} ${schema}`;
    const known = this.subjects.get(key) ?? this.#nextId++;
    this.subjects.set(key, known);
    this.schemas.set(known, { schema });
    return [200, { id: known }];
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let registry: TestRegistry;
afterEach(() => registry.stop());
async function open(path = (url: string) => url): Promise<TopicCatalog> {
  registry = new TestRegistry();
  return loadTopics(projectWith(FILES), { registry: path(await registry.start()) });
}

describe('with a schema registry', () => {
  it('encodes under the id of the subject TOPIC-value, asked for once', async () => {
    const catalog = await open();
    const { value } = (await catalog.encoder('things')).record({ id: 5 });
    await catalog.encoder('things');
    expect(wireIdOf(value, 0, value.length)).toBe(100);
    expect(registry.requests).toEqual(['POST /subjects/things-value/versions']);
    expect(JSON.parse(registry.schemas.get(100)?.schema ?? '')).toEqual(record([ID]));
  });

  it('fetches ids it meets, once, and reads what other writers wrote', async () => {
    const catalog = await open();
    registry.schemas.set(7, {
      schema: JSON.stringify(
        record([
          { name: 'more', type: 'string' },
          { name: 'id', type: 'int' },
        ]),
      ),
    });
    const block = blockOf([{ key: Buffer.from('5'), value: Buffer.from([0, 0, 0, 0, 7, 4, 104, 105, 10]) }]);
    await catalog.prepare('things', block);
    expect(catalog.prepare('things', block)).toBeNull();
    const batch = catalog.batch('things');
    batch.add(block);
    expect(rowsOf(batch.seal().rows)).toEqual([[5n]]);
    expect(registry.requests).toEqual(['GET /schemas/ids/7']);
  });

  it('makes dead letters of ids nobody knows, of schemas that cannot be read and of other formats', async () => {
    const catalog = await open();
    registry.schemas.set(8, { schema: JSON.stringify(record([{ name: 'other', type: 'long' }])) });
    registry.schemas.set(9, { schema: 'message X {}', schemaType: 'PROTOBUF' });
    registry.schemas.set(11, { schema: '"string"' });
    const block = blockOf(
      [8, 9, 10, 11].map((id) => ({ key: Buffer.from('5'), value: Buffer.from([0, 0, 0, 0, id, 10]) })),
    );
    await catalog.prepare('things', block);
    const batch = catalog.batch('things');
    batch.add(block);
    expect(batch.seal().deadLetters.map(({ reasonCode, reason }) => `${reasonCode}: ${reason}`)).toEqual([
      expect.stringMatching(/^unreadable_schema: schema id 8: /),
      'unknown_schema: schema id 9 is PROTOBUF, not Avro',
      'unknown_schema: the registry has no schema id 10',
      'unreadable_schema: schema id 11: the schema is a string, not a record',
    ]);
  });

  it('sends user and password of the address as basic authentication', async () => {
    const catalog = await open((url) => url.replace('http://', 'http://me:p%40ss@'));
    await catalog.encoder('things');
    expect(registry.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  it('asks again when the registry is ill', async () => {
    const catalog = await open();
    registry.bad = [503, 500];
    await catalog.encoder('things');
    expect(registry.requests.length).toBe(3);
  });

  it('says what failed, where, and what to do', async () => {
    const catalog = await open();
    registry.bad = [401];
    await expect(catalog.encoder('things')).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      hint: expect.stringMatching(/USER:PASSWORD/) as unknown,
    });
    registry.bad = [409];
    await expect(catalog.encoder('things')).rejects.toMatchObject({
      message: expect.stringMatching(/refused the schema of things-value: 409/) as unknown,
      hint: expect.stringMatching(/compatib/) as unknown,
    });
    // A failure is not remembered.
    await catalog.encoder('things');
  });

  it('fails when nobody answers, and on an address that is none', async () => {
    const catalog = await open();
    registry.stop();
    await expect(catalog.encoder('things')).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      place: expect.stringMatching(/^http:\/\/127/) as unknown,
      hint: expect.stringMatching(/SCHEMA_REGISTRY_URL/) as unknown,
    });
    expect(() => loadTopics(projectWith(FILES), { registry: 'nonsense' })).toThrow(/not a URL/);
  });
});
