import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { sqlType } from '../../src/core/columns.ts';
import { LensError } from '../../src/core/errors.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { projectWith, record, thingsFolder } from './projects.ts';

const ID = { name: 'id', type: 'long' };
const NAME = { name: 'name', type: 'string' };
const YML = 'table: raw_things\nkey: id\n';

function failure(work: () => unknown): { code: string; message: string; place: string; hint: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof LensError)
      return { code: error.code, message: error.message, place: error.place ?? '', hint: error.hint ?? '' };
    throw error;
  }
  throw new Error('it did not fail');
}

describe('the shipped topics', () => {
  const catalog = loadTopics(path.join(import.meta.dirname, '../..'));

  it('are the four of the design, with their tables, keys and partitions', () => {
    expect(catalog.contracts.map(({ name, table, mode, key }) => [name, table, mode, key.join()])).toEqual([
      ['generations', 'raw_generations', 'upsert', 'generation_id'],
      ['prompt_enrichments', 'raw_prompt_enrichments', 'patch', 'prompt_id,kind'],
      ['prompts', 'raw_prompts', 'upsert', 'prompt_id'],
      ['users', 'raw_users', 'upsert', 'user_id'],
    ]);
    expect(catalog.contract('generations').settings).toEqual({ 'cleanup.policy': 'delete', 'retention.ms': '-1' });
    expect(catalog.contract('prompts').settings['cleanup.policy']).toBe('compact');
    expect(catalog.forTable('raw_users')?.name).toBe('users');
    expect(catalog.forTable('nothing')).toBeUndefined();
  });

  it('have the columns of the design', () => {
    const columns = (topic: string): string[] =>
      catalog.contract(topic).columns.map(({ name, type }) => `${name} ${sqlType(type)}`);
    expect(columns('generations')).toEqual([
      'generation_id BIGINT',
      'prompt_id BIGINT',
      'user_id BIGINT',
      'session_id BIGINT',
      'timestamp TIMESTAMP',
      'session_date DATE',
      'latency_ms INTEGER',
      'status VARCHAR',
      'cost_credits DECIMAL(12,4)',
      'retry_count INTEGER',
      'feedback VARCHAR',
      'downloaded BOOLEAN',
      'model_version VARCHAR',
      'token_count INTEGER',
    ]);
    expect(columns('prompt_enrichments')).toEqual([
      'prompt_id BIGINT',
      'llm_domain VARCHAR',
      'llm_art_style VARCHAR',
      'llm_complexity_score INTEGER',
      'llm_model VARCHAR',
      'llm_enriched_at TIMESTAMP',
      'text_embedding FLOAT[384]',
      'embedding_model VARCHAR',
      'embedding_enriched_at TIMESTAMP',
      'image_path VARCHAR',
      'image_linked_at TIMESTAMP',
      '_kinds INTEGER',
    ]);
  });
});

describe('loadTopics', () => {
  it('gives an empty catalog where there is no topics folder', () => {
    const catalog = loadTopics(projectWith({}));
    expect(catalog.contracts).toEqual([]);
    expect(failure(() => catalog.contract('x'))).toMatchObject({
      code: 'TOPIC_UNKNOWN',
      hint: 'the project has no topics',
    });
  });

  it('suggests the topic that was meant', () => {
    const catalog = loadTopics(thingsFolder(YML, [ID]));
    expect(failure(() => catalog.contract('thing'))).toMatchObject({
      code: 'TOPIC_UNKNOWN',
      hint: 'did you mean things?',
    });
  });

  /** topic.yml -> what must be said; the schema has id and name. */
  const cases: readonly (readonly [string, string, RegExp, RegExp])[] = [
    ['an unknown key', 'table: t\nkey: id\npartitons: 4\n', /unknown key "partitons"/, /topic\.yml:3/],
    [
      'an unknown check',
      `${YML}checks:\n  name: { minimum: 1 }\n`,
      /unknown key "minimum"/,
      /topic\.yml:4 \(checks\.name\.minimum\)/,
    ],
    ['no table', 'key: id\n', /does not say which table/, /topic\.yml/],
    ['a key field that is not there', 'table: t\nkey: ident\n', /no field ident/, /topic\.yml:2/],
    ['a part of a key that is not there', 'table: t\nkey:\n  - id\n  - kind\n', /no field kind/, /topic\.yml:4/],
    ['a wrong mode', `${YML}mode: replace\n`, /unknown mode "replace"/, /topic\.yml:3/],
    ['upsert without a key', 'table: t\n', /needs a key/, /topic\.yml/],
    ['patch without kinds', 'table: t\nmode: patch\nkey: [id, name]\n', /needs kinds/, /topic\.yml/],
    ['kinds without patch', `${YML}kinds: { a: [name] }\n`, /kinds belong to mode patch/, /topic\.yml:3/],
    [
      'a field of no kind',
      'table: t\nmode: patch\nkey: [id, name]\nkinds: { a: [id] }\n',
      /id belongs to the key already/,
      /topic\.yml:4/,
    ],
    ['checks on an unknown field', `${YML}checks:\n  nam: { exact: false }\n`, /no field nam/, /topic\.yml:4/],
    ['a column of an unknown field', `${YML}columns:\n  nam: Full Name\n`, /no field nam/, /topic\.yml:4/],
    ['two columns of one name', `${YML}columns:\n  name: ID\n`, /two columns would be named id/, /topic\.yml/],
    ['bounds of a text', `${YML}checks:\n  name: { min: 1 }\n`, /min is for numbers, name is string/, /topic\.yml:4/],
    [
      'accepted values of a number',
      `${YML}checks:\n  id: { accepted_values: [a] }\n`,
      /accepted_values is for texts/,
      /topic\.yml:4/,
    ],
    ['a length of a text', `${YML}checks:\n  name: { length: 3 }\n`, /length is for arrays/, /topic\.yml:4/],
    ['a bound that is not whole', `${YML}checks:\n  id: { min: 0.5 }\n`, /whole number/, /topic\.yml:4/],
    ['min above max', `${YML}checks:\n  id: { min: 2, max: 1 }\n`, /min is above max/, /topic\.yml:4/],
    ['no partitions', `${YML}partitions: 0\n`, /at least one partition/, /topic\.yml:3/],
    ['a setting that is a list', `${YML}settings:\n  retention.ms: [1]\n`, /text, number or boolean/, /topic\.yml:4/],
    [
      'a compacted topic without a key',
      'table: t\nmode: append\nsettings:\n  cleanup.policy: compact\n',
      /compacted topic needs a key/,
      /topic\.yml:4/,
    ],
    ['broken YAML', 'table: t\nkey: [id\n', /the YAML cannot be read: (?!.*at line)/, /topic\.yml:\d/],
  ];
  for (const [what, yml, message, place] of cases) {
    it(`refuses ${what}`, () => {
      const found = failure(() => loadTopics(thingsFolder(yml, [ID, NAME])));
      expect(found.code).toBe('TOPIC_CONTRACT_INVALID');
      expect(found.message).toMatch(message);
      expect(found.place).toMatch(place);
    });
  }

  const unsupported: readonly (readonly [string, unknown, RegExp])[] = [
    ['a map', { type: 'map', values: 'long' }, /field x: Avro's map cannot be a column/],
    [
      'a record without a field',
      { type: 'record', name: 'R', fields: [] },
      /field x: the record test.R cannot be a column/,
    ],
    [
      'a record that holds itself',
      { type: 'record', name: 'R', fields: [{ name: 'next', type: ['null', 'R'] }] },
      /field x: the record test.R cannot be a column, since it holds itself/,
    ],
    [
      'a map in a record',
      { type: 'record', name: 'R', fields: [{ name: 'm', type: { type: 'map', values: 'long' } }] },
      /field x: Avro's map cannot be a column/,
    ],
    ['a union of two types', ['string', 'long'], /field x: a union cannot be a column/],
    ['a union of three', ['null', 'string', 'long'], /field x: a union cannot be a column/],
    ['a decimal of 39 digits', { type: 'bytes', logicalType: 'decimal', precision: 39 }, /field x: decimal\(39,0\)/],
    ['an unknown type', 'number', /number/],
  ];
  for (const [what, type, message] of unsupported) {
    it(`refuses a column of ${what}`, () => {
      const found = failure(() => loadTopics(thingsFolder(YML, [ID, { name: 'x', type }])));
      expect(found.code).toBe('TOPIC_CONTRACT_INVALID');
      expect(found.place).toBe('topics/things/1.avsc');
      expect(found.message).toMatch(message);
    });
  }

  it('refuses keys that cannot be one', () => {
    const load = (type: unknown) =>
      failure(() => loadTopics(thingsFolder('table: t\nkey: x\n', [{ name: 'x', type }]))).message;
    expect(load(['null', 'long'])).toMatch(/a key field cannot be nullable/);
    expect(load('double')).toMatch(/a key field cannot be double/);
    expect(load({ type: 'array', items: 'long' })).toMatch(/a key field cannot be array/);
  });

  it('refuses columns that differ in case only', () => {
    expect(failure(() => loadTopics(thingsFolder(YML, [ID, { name: 'ID', type: 'long' }]))).message).toMatch(
      /two columns/,
    );
  });

  it('refuses holes among the versions, other files and no schema at all', () => {
    const files = { 'things/topic.yml': YML, 'manifest.json': {} };
    const load = (more: Record<string, unknown>) => failure(() => loadTopics(projectWith({ ...files, ...more })));
    expect(load({}).message).toMatch(/there is no schema/);
    expect(load({ 'things/1.avsc': record([ID]), 'things/3.avsc': record([ID]) }).message).toMatch(
      /2\.avsc is missing: there is 3\.avsc/,
    );
    expect(load({ 'things/v1.avsc': record([ID]) }).message).toMatch(/named by its version/);
    expect(load({ 'things/1.avsc': '{' }).place).toBe('topics/things/1.avsc');
    expect(load({ 'things/1.avsc': '"long"' }).message).toMatch(/a long, not a record/);
    expect(failure(() => loadTopics(projectWith({ 'things/1.avsc': record([ID]) }))).message).toMatch(
      /there is no topic\.yml/,
    );
    expect(failure(() => loadTopics(projectWith({ 'th ings/topic.yml': YML }))).message).toMatch(
      /cannot be a topic's name/,
    );
  });

  it('refuses two topics that feed one table', () => {
    const files = {
      'a/topic.yml': YML,
      'a/1.avsc': record([ID]),
      'b/topic.yml': 'table: RAW_THINGS\nkey: id\n',
      'b/1.avsc': record([ID]),
    };
    const manifest = { 1: { topic: 'a', version: 1 }, 2: { topic: 'b', version: 1 } };
    expect(failure(() => loadTopics(projectWith({ ...files, 'manifest.json': manifest })))).toMatchObject({
      message: 'the table RAW_THINGS is fed by a already',
      place: 'topics/b/topic.yml',
    });
  });

  it('refuses a manifest that does not fit', () => {
    const load = (manifest: unknown) =>
      failure(() =>
        loadTopics(projectWith({ 'things/topic.yml': YML, 'things/1.avsc': record([ID]), 'manifest.json': manifest })),
      );
    const one = { topic: 'things', version: 1 };
    expect(load({})).toMatchObject({ message: 'version 1 of things has no wire id', place: 'topics/manifest.json' });
    expect(load({ 1: one, 2: one }).message).toMatch(/wire id 1 already/);
    expect(load({ 1: one, 2: { topic: 'things', version: 2 } }).message).toMatch(/no version 2/);
    expect(load({ 1: one, 2: { topic: 'thing', version: 1 } })).toMatchObject({
      message: 'there is no topic thing',
      hint: 'did you mean things?',
    });
    expect(load({ x: one }).message).toMatch(/whole number/);
    expect(load({ 1: { topic: 'things' } }).message).toMatch(/topic and version/);
    expect(load('[').message).toMatch(/not valid JSON/);
    const entry = JSON.stringify(one);
    for (const again of ['1', '01']) {
      expect(load(`{"1": ${entry}, "${again}": {"topic": "things", "version": 2}}`).message).toMatch(/there twice/);
    }
  });

  const incompatible: readonly (readonly [string, unknown, unknown, RegExp])[] = [
    ['a field is added without a default', [ID], [ID, NAME], /cannot read version 1/],
    [
      'a type is narrowed',
      [ID, { name: 'n', type: 'long' }],
      [ID, { name: 'n', type: 'int' }],
      /cannot read version 1/,
    ],
    [
      'a decimal changes its scale',
      [ID, { name: 'n', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } }],
      [ID, { name: 'n', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 3 } }],
      /field n: a decimal of scale 2 cannot be read as a decimal of scale 3/,
    ],
    [
      'a timestamp changes its unit',
      [ID, { name: 'n', type: { type: 'long', logicalType: 'timestamp-millis' } }],
      [ID, { name: 'n', type: { type: 'long', logicalType: 'timestamp-micros' } }],
      /timestamp-millis cannot be read as timestamp-micros/,
    ],
  ];
  for (const [what, before, after, message] of incompatible) {
    it(`refuses a newest version that cannot read an older one: ${what}`, () => {
      const found = failure(() => loadTopics(thingsFolder(YML, before as unknown[], after as unknown[])));
      expect(found).toMatchObject({ code: 'SCHEMA_UNREADABLE', place: 'topics/things/2.avsc' });
      expect(found.message).toMatch(message);
    });
  }
});
