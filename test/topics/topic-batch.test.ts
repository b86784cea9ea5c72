import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTopics, type TopicCatalog } from '../../src/topics/catalog.ts';
import { DEAD_LETTER_REASONS } from '../../src/topics/dead-letter-reasons.ts';
import { blockOf, type TestRecord } from './blocks.ts';
import { exactBatch, outcome, rowsOf, things } from './projects.ts';

const shipped = loadTopics(path.join(import.meta.dirname, '../..'));
const bytes = (text: string): Uint8Array => Buffer.from(text);

const GENERATION = {
  generation_id: 7,
  prompt_id: 1,
  user_id: 2,
  session_id: 20001,
  timestamp: 1_790_000_000_000_000,
  session_date: 20_717,
  latency_ms: 900,
  status: 'success',
  cost_credits: '0.1234',
  retry_count: 0,
  feedback: null,
  downloaded: null,
  model_version: 'v2.1',
  token_count: 12,
};
const LLM = {
  prompt_id: 9,
  kind: 'llm',
  llm_domain: 'portrait',
  llm_art_style: 'sketch',
  llm_complexity_score: 3,
  llm_model: 'm',
  llm_enriched_at: 5,
};
const EMBEDDING = {
  prompt_id: 9,
  kind: 'embedding',
  text_embedding: new Float32Array(384).fill(0.5),
  embedding_model: 'e',
  embedding_enriched_at: 6,
};
const PROMPT = {
  prompt_id: 1,
  prompt: 'a cat',
  generation_seed: 1,
  step: 50,
  cfg: 7,
  sampler: 8,
  width: 512,
  height: 512,
};
const USER = {
  user_id: 1,
  user_tier: 'free',
  signup_date: 0,
  cohort_week: '2026-W01',
  region: 'us-west',
  device_type: 'mobile',
};

async function made(topic: string, ...values: Record<string, unknown>[]): Promise<TestRecord[]> {
  const encoder = await shipped.encoder(topic);
  return values.map((value) => encoder.record(value));
}

/** Reason code and text of a single record, the same from the generated and the exact decoder. */
function verdict(topic: string, record: TestRecord, catalog: TopicCatalog = shipped): string {
  const found = [catalog.batch(topic), exactBatch(catalog, topic)].map((batch) => {
    batch.add(blockOf([record], topic, 3, 41));
    const { deadLetters, rowCount, deletedCount } = batch.seal();
    expect(rowCount + deletedCount + deadLetters.length).toBe(1);
    const [letter] = deadLetters;
    if (letter === undefined) return 'good';
    expect(letter).toMatchObject({ topic, partition: 3, offset: 41, timestamp: 1_700_000_000_000 });
    expect(letter.key).toEqual(record.key === null ? null : new Uint8Array(record.key));
    expect(letter.value).toEqual(record.value === null ? null : new Uint8Array(record.value));
    return `${letter.reasonCode}: ${letter.reason}`;
  });
  expect(found[1]).toBe(found[0]);
  return found[0] as string;
}

describe('dead letters', () => {
  const seen = new Set<string>();
  const expectVerdict = (topic: string, record: TestRecord, expected: RegExp, catalog?: TopicCatalog): void => {
    const found = verdict(topic, record, catalog);
    expect(found).toMatch(expected);
    seen.add(found.split(':')[0] as string);
  };

  it('of bytes that are no record', async () => {
    const [good] = (await made('generations', GENERATION)) as [TestRecord];
    const value = good.value as Uint8Array;
    const wrong = (change: Uint8Array): TestRecord => ({ key: good.key, value: change });
    expect(verdict('generations', good)).toBe('good');
    expectVerdict('generations', wrong(bytes('{"generation_id": 7}')), /^bad_magic: the value starts with byte 123/);
    expectVerdict('generations', wrong(bytes('')), /^bad_magic: the value has 0 bytes/);
    expectVerdict('generations', wrong(Buffer.from([0, 0, 0, 0, 99, 1])), /^unknown_schema: schema id 99 is not in/);
    expectVerdict(
      'generations',
      wrong(Buffer.from([0, 0, 0, 0, 1, 1])),
      /^unknown_schema: schema id 1 belongs to the topic prompts/,
    );
    expectVerdict('generations', wrong(Buffer.from([0, 255, 0, 0, 1, 1])), /^unknown_schema/);
    expectVerdict(
      'generations',
      wrong(value.subarray(0, -3)),
      /^undecodable: field model_version: the value ends \d bytes too early/,
    );
    expectVerdict('generations', wrong(Buffer.concat([value, bytes('xy')])), /^trailing_bytes: 2 bytes/);
    const broken = Uint8Array.from(value);
    broken[broken.indexOf(115, 20)] = 0xff;
    expectVerdict('generations', wrong(broken), /^undecodable: field status: a text is not UTF-8/);
  });

  it('of an array that claims more elements than it can have', () => {
    const catalog = things('table: t\nkey: id\n', [
      { name: 'id', type: 'long' },
      { name: 'l', type: { type: 'array', items: 'string' } },
    ]);
    const huge = Buffer.from([0, 0, 0, 0, 1, 2, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0]);
    expectVerdict('things', { key: bytes('1'), value: huge }, /^undecodable: field l: .*elements do not fit/, catalog);
  });

  it('of keys', async () => {
    const [good] = (await made('generations', GENERATION)) as [TestRecord];
    const [llm] = (await made('prompt_enrichments', LLM)) as [TestRecord];
    const keyed = (record: TestRecord, key: string | null): TestRecord => ({
      ...record,
      key: key === null ? null : bytes(key),
    });
    expect(Buffer.from(llm.key as Uint8Array).toString()).toBe('[9,"llm"]');
    expectVerdict('generations', keyed(good, null), /^missing_key: the record has no key; it should be 7/);
    expectVerdict('generations', keyed(good, '8'), /^key_mismatch: the key says 8, the value 7/);
    for (const bad of ['07', ' 7', '7.0', '+7', '', '"7"', '[7]', '99999999999999999999'])
      expectVerdict('generations', keyed(good, bad), /^bad_key/);
    expectVerdict('generations', { ...good, key: Buffer.from([0xff]) }, /^bad_key/);
    expectVerdict('prompt_enrichments', keyed(llm, '[9,"image"]'), /^key_mismatch/);
    expectVerdict('prompt_enrichments', keyed(llm, '[9, "llm"]'), /^bad_key/);
    expectVerdict('prompt_enrichments', keyed(llm, '[9,"\\u006clm"]'), /^bad_key/);
    expectVerdict('prompt_enrichments', keyed(llm, '9'), /^bad_key/);
    expectVerdict('generations', { key: null, value: null }, /^missing_key/);
    expectVerdict('generations', { key: bytes('x'), value: null }, /^bad_key/);
    expectVerdict('prompt_enrichments', { key: bytes('[9,"video"]'), value: null }, /^unknown_kind/);
  });

  it('of landing checks, which compare trimmed and lower-cased unless exact, and store as sent', async () => {
    const check = async (topic: string, value: Record<string, unknown>, expected: RegExp): Promise<void> => {
      const [record] = await made(topic, value);
      expectVerdict(topic, record as TestRecord, expected);
    };
    await check('generations', { ...GENERATION, status: ' Success ' }, /^good/);
    await check(
      'generations',
      { ...GENERATION, status: 'done' },
      /^check_failed: field status: "done" is none of success, /,
    );
    await check('generations', { ...GENERATION, status: '\ufeff\u3000Success\t\n' }, /^good/);
    await check('generations', { ...GENERATION, status: 'succ ess' }, /^check_failed/);
    await check('generations', { ...GENERATION, feedback: 'thumbs_up' }, /^good/);
    await check('generations', { ...GENERATION, feedback: 'Thumbs_up' }, /^check_failed: field feedback/);
    await check(
      'generations',
      { ...GENERATION, latency_ms: -1 },
      /^check_failed: field latency_ms: -1 is not at least 0/,
    );
    await check('generations', { ...GENERATION, cost_credits: '-0.0001' }, /^check_failed: field cost_credits/);
    await check('generations', { ...GENERATION, retry_count: -1 }, /^check_failed/);
    await check('generations', { ...GENERATION, token_count: -1 }, /^check_failed/);
    await check('prompts', PROMPT, /^good/);
    await check('prompts', { ...PROMPT, sampler: 10 }, /^check_failed: field sampler: 10 is not at most 9/);
    await check('prompts', { ...PROMPT, generation_seed: 4_294_967_295 }, /^good/);
    await check('prompts', { ...PROMPT, generation_seed: 4_294_967_296 }, /^check_failed: field generation_seed/);
    await check('prompts', { ...PROMPT, width: 0 }, /^check_failed/);
    await check('users', { ...USER, region: 'EUROPE' }, /^good/);
    await check('users', { ...USER, user_tier: 'gold' }, /^check_failed/);
    await check('prompt_enrichments', LLM, /^good/);
    await check('prompt_enrichments', { ...LLM, llm_complexity_score: 6 }, /^check_failed: field llm_complexity_score/);
    await check('prompt_enrichments', { ...LLM, image_path: 'x' }, /^kind_mismatch: field image_path/);
    await check(
      'prompt_enrichments',
      { ...LLM, kind: 'video' },
      /^unknown_kind: kind "video" is none of llm, embedding, image/,
    );
    await check('prompt_enrichments', EMBEDDING, /^good/);
    await check(
      'prompt_enrichments',
      { ...EMBEDDING, text_embedding: null },
      /^check_failed: field text_embedding: it is required/,
    );
    await check(
      'prompt_enrichments',
      { ...EMBEDDING, text_embedding: new Float32Array(383) },
      /^check_failed: field text_embedding: an array of 383/,
    );
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const embedding = new Float32Array(384);
      embedding[200] = odd;
      await check(
        'prompt_enrichments',
        { ...EMBEDDING, text_embedding: embedding },
        /^check_failed: field text_embedding: element 200/,
      );
    }
  });

  it('of values beyond what their column can hold', async () => {
    const decimal = { type: 'bytes', logicalType: 'decimal', precision: 3, scale: 1 };
    const catalog = things('table: t\nmode: append\n', [
      { name: 'd', type: ['null', decimal] },
      { name: 't', type: ['null', { type: 'long', logicalType: 'timestamp-micros' }] },
      { name: 'm', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
      { name: 'y', type: ['null', { type: 'int', logicalType: 'date' }] },
    ]);
    const encoder = await catalog.encoder('things');
    const check = (value: Record<string, unknown>, expected: RegExp): void =>
      expectVerdict('things', encoder.record(value), expected, catalog);
    check({ d: '99.9', t: 2n ** 63n - 2n, m: 9_223_372_036_854_775n, y: 2_147_483_646 }, /^good/);
    check({ d: Buffer.from([0x03, 0xe8]) }, /^out_of_range: field d: 100\.0 does not fit decimal\(3,1\)/);
    check({ t: 2n ** 63n - 1n }, /^out_of_range: field t/);
    check({ m: 2n ** 60n }, /^out_of_range: field m/);
    check({ y: -2_147_483_648 }, /^out_of_range: field y/);
    check({ d: Buffer.alloc(0) }, /^undecodable: field d: a decimal without a byte/);
    expectVerdict('things', { key: bytes('any'), value: null }, /^null_value/, catalog);
  });

  it('cover every reason but unreadable_schema, which needs a registry, and gate_failed, which needs models (see there)', () => {
    expect([...seen].filter((code) => code !== 'good').sort()).toEqual(
      Object.keys(DEAD_LETTER_REASONS)
        .filter((code) => code !== 'unreadable_schema' && code !== 'gate_failed')
        .sort(),
    );
  });

  it('copy their bytes, also out of a Buffer that is used again', async () => {
    const [good] = (await made('generations', GENERATION)) as [TestRecord];
    const block = blockOf([{ key: good.key, value: bytes('garbage') }], 'generations');
    block.bytes = Buffer.from(block.bytes);
    const batch = shipped.batch('generations');
    batch.add(block);
    block.bytes.fill(0);
    expect(Buffer.from(batch.seal().deadLetters[0]?.value ?? []).toString()).toBe('garbage');
  });
});

describe('a batch', () => {
  it('lands good records around bad ones and leaves no trace of these', async () => {
    const records = await made(
      'generations',
      ...Array.from({ length: 6000 }, (_, i) => ({
        ...GENERATION,
        generation_id: i,
        feedback: i % 2 === 0 ? 'thumbs_up' : null,
      })),
    );
    const mixed = records.map((record, i) =>
      i % 7 === 3 ? { key: record.key, value: (record.value as Uint8Array).subarray(0, 20 + (i % 20)) } : record,
    );
    const batch = shipped.batch('generations');
    batch.add(blockOf(mixed, 'generations'));
    expect(batch.recordCount).toBe(6000);
    const sealed = batch.seal();
    const good = records.map((_, i) => i).filter((i) => i % 7 !== 3);
    expect(sealed.deadLetters.length).toBe(6000 - good.length);
    expect(rowsOf(sealed.rows).map((row) => [row[0], row[7], row[8], row[10], row[12]])).toEqual(
      good.map((i) => [BigInt(i), 'success', 1234n, i % 2 === 0 ? 'thumbs_up' : null, 'v2.1']),
    );
  });

  it('keeps the last good record of each key, whatever the split into ranges', async () => {
    const encoder = await shipped.encoder('generations');
    const step = fc.tuple(fc.nat(12), fc.constantFrom('row', 'row', 'tombstone', 'bad'), fc.nat(1_000_000));
    const batch = shipped.batch('generations');
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 4 }),
        async (steps, cuts) => {
          const last = new Map<number, number | null>();
          const records = steps.map(([id, what, latency]): TestRecord => {
            const key = bytes(String(id));
            if (what === 'bad') return { key, value: bytes('bad') };
            last.set(id, what === 'row' ? latency : null);
            if (what === 'tombstone') return { key, value: null };
            return encoder.record({
              ...GENERATION,
              generation_id: id,
              latency_ms: latency,
              model_version: `a long text ${latency}`,
            });
          });
          batch.reset();
          const block = blockOf(records, 'generations');
          const ends = [...cuts.map((cut) => Math.min(cut, steps.length)), steps.length].sort((a, b) => a - b);
          let from = 0;
          for (const to of ends) {
            batch.addRange(block, from, to);
            from = to;
          }
          const sealed = batch.seal();
          const rows = [...last].filter(([, latency]) => latency !== null);
          const deleted = [...last].filter(([, latency]) => latency === null);
          const found = rowsOf(sealed.rows).map((row) => [Number(row[0]), row[6], row[12]]);
          expect(found.sort()).toEqual(rows.map(([id, latency]) => [id, latency, `a long text ${latency}`]).sort());
          expect(rowsOf(sealed.deletedKeys).flat().map(Number).sort()).toEqual(deleted.map(([id]) => id).sort());
          expect(sealed.deadLetters.length).toBe(steps.filter(([, what]) => what === 'bad').length);
          expect([sealed.rowCount, sealed.deletedCount]).toEqual([rows.length, deleted.length]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('de-duplicates over many chunks', async () => {
    const records = await made(
      'generations',
      ...Array.from({ length: 30_000 }, (_, i) => ({
        ...GENERATION,
        generation_id: (i * 7919) % 20_000,
        latency_ms: i,
      })),
    );
    const batch = shipped.batch('generations');
    for (let at = 0; at < records.length; at += 7000) batch.add(blockOf(records.slice(at, at + 7000), 'generations'));
    const last = new Map(records.map((_, i) => [BigInt((i * 7919) % 20_000), i]));
    const sealed = batch.seal();
    expect(sealed.rowCount).toBe(20_000);
    expect(new Map(rowsOf(sealed.rows).map((row) => [row[0], row[6]]))).toEqual(last);
  });

  it('is exact beyond 2^53, in values and keys', async () => {
    const ids = [
      2n ** 53n + 1n,
      -(2n ** 53n) - 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      1_234_567_890_123_456_789n,
      999_999_999_999_999n,
      -10n,
      0n,
      10_000_000_000n,
    ];
    const records = await made('generations', ...ids.map((id) => ({ ...GENERATION, generation_id: id })));
    expect(records.map(({ key }) => Buffer.from(key as Uint8Array).toString())).toEqual(ids.map(String));
    const batch = shipped.batch('generations');
    batch.add(blockOf([...records, { key: bytes(String(ids[0])), value: null }], 'generations'));
    const sealed = batch.seal();
    expect(sealed.deadLetters).toEqual([]);
    expect(
      rowsOf(sealed.rows)
        .map(([id]) => id)
        .sort(),
    ).toEqual(ids.slice(1).sort());
    expect(rowsOf(sealed.deletedKeys)).toEqual([[ids[0]]]);
  });

  it('gives patches with their kind, null for other kinds, and tombstones of a kind', async () => {
    const records = await made(
      'prompt_enrichments',
      LLM,
      EMBEDDING,
      { ...LLM, llm_domain: 'animal' },
      { ...LLM, prompt_id: 10 },
    );
    const batch = shipped.batch('prompt_enrichments');
    batch.add(
      blockOf(
        [...records, { key: bytes('[10,"llm"]'), value: null }, { key: bytes('[11,"image"]'), value: null }],
        'prompt_enrichments',
      ),
    );
    const sealed = batch.seal();
    expect(sealed.deadLetters).toEqual([]);
    expect(rowsOf(sealed.rows).sort()).toEqual([
      [9n, 'embedding', null, null, null, null, null, Array.from({ length: 384 }, () => 0.5), 'e', 6n, null, null],
      [9n, 'llm', 'animal', 'sketch', 3, 'm', 5n, null, null, null, null, null],
    ]);
    expect(rowsOf(sealed.deletedKeys)).toEqual([
      [10n, 'llm'],
      [11n, 'image'],
    ]);
  });

  it('keeps every record in mode append, with keys or without', async () => {
    const catalog = things('table: t\nmode: append\nkey: id\n', [{ name: 'id', type: 'long' }]);
    const encoder = await catalog.encoder('things');
    const one = encoder.record({ id: 1 });
    const batch = catalog.batch('things');
    batch.add(blockOf([one, one, { key: null, value: one.value }, { key: bytes('2'), value: one.value }]));
    const sealed = batch.seal();
    expect(rowsOf(sealed.rows)).toEqual([[1n], [1n], [1n]]);
    expect(sealed.deadLetters.map(({ reasonCode }) => reasonCode)).toEqual(['key_mismatch']);
  });

  it('takes text keys as they are, and other types in their JSON form', async () => {
    const date = { type: 'int', logicalType: 'date' };
    const text = things('table: t\nkey: name\n', [{ name: 'name', type: 'string' }]);
    const several = things('table: t\nkey: [name, day, flag]\n', [
      { name: 'flag', type: 'boolean' },
      { name: 'day', type: date },
      { name: 'name', type: 'string' },
    ]);
    const names = ['plain', 'with "quotes", and ü', '[1]', 'line\nbreak', ''];
    const one = (await Promise.all(
      names.map(async (name) => (await text.encoder('things')).record({ name })),
    )) as TestRecord[];
    const many = (await Promise.all(
      names.map(async (name) => (await several.encoder('things')).record({ name, day: 20_000, flag: true })),
    )) as TestRecord[];
    expect(one.map(({ key }) => Buffer.from(key as Uint8Array).toString())).toEqual(names);
    expect(many.map(({ key }) => Buffer.from(key as Uint8Array).toString())).toEqual(
      names.map((name) => JSON.stringify([name, '2024-10-04', true])),
    );
    for (const [catalog, records] of [
      [text, one],
      [several, many],
    ] as const) {
      const batch = catalog.batch('things');
      batch.add(blockOf(records));
      expect(batch.seal()).toMatchObject({ rowCount: names.length, deadLetters: [] });
      batch.reset();
      batch.add(blockOf([...records, ...records.map(({ key }) => ({ key, value: null }))]));
      expect(batch.seal()).toMatchObject({ rowCount: 0, deletedCount: names.length, deadLetters: [] });
    }
  });

  it('can be used again after reset, without a trace of before', async () => {
    const [first, second] = await made(
      'prompts',
      { ...PROMPT, image_name: 'x'.repeat(50) },
      { ...PROMPT, prompt_id: 2, image_name: null },
    );
    const [fresh, reused] = [shipped.batch('prompts'), shipped.batch('prompts')];
    reused.add(
      blockOf([first as TestRecord, { key: bytes('9'), value: null }, { key: null, value: bytes('?') }], 'prompts'),
    );
    reused.seal();
    reused.reset();
    for (const batch of [fresh, reused]) batch.add(blockOf([second as TestRecord], 'prompts'));
    expect(outcome(reused.seal())).toEqual(outcome(fresh.seal()));
    expect(reused.recordCount).toBe(1);
  });
});
