import { mkdirSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embed, DIMENSIONS } from '../../src/ingest/enrichments/hashed-embedding.ts';
import { ingestEnrichments } from '../../src/ingest/enrichments/ingest-enrichments.ts';
import { keywordLabels } from '../../src/ingest/enrichments/keyword-labels.ts';
import { ingestPrompts } from '../../src/ingest/ingest-prompts.ts';
import { IngestWorld } from './ingest-world.ts';

describe('hashed-embedding-384', () => {
  test('gives 384 finite numbers of length 1 for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const vector = embed(text);
        expect(vector).toHaveLength(DIMENSIONS);
        expect(vector.every(Number.isFinite)).toBe(true);
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
        expect(Buffer.from(embed(text).buffer).equals(Buffer.from(vector.buffer))).toBe(true);
      }),
    );
  });

  test('a text without words has its own vector; texts that share words are nearer', () => {
    expect(embed('')[0]).toBe(1);
    expect(embed(' ,.')).toEqual(embed(''));
    const cosine = (a: string, b: string): number =>
      embed(a).reduce((sum, x, d) => sum + x * (embed(b)[d] as number), 0);
    const fox = 'a red fox in the snow';
    expect(cosine(fox, 'A RED FOX, in the snow!')).toBeCloseTo(1, 5);
    expect(cosine(fox, 'a red fox in the rain')).toBeGreaterThan(cosine(fox, 'quiet mountain lake at dawn') + 0.4);
  });
});

test('keyword-labels knows its labels, and more words are more complex', async () => {
  const texts = [
    'a portrait of an old woman, oil painting',
    'a dragon, concept art',
    'thing',
    `fox ${'word, '.repeat(80)}`,
  ];
  const answers = await keywordLabels.enrich(texts.map((text, id) => ({ id, text, imageName: null })));
  const of = (field: string): unknown[] => answers.map((answer) => answer?.[field]);
  expect(of('llm_domain')).toEqual(['portrait', 'fantasy', 'object', 'animal']);
  expect(of('llm_art_style')).toEqual(['oil painting', 'concept art', 'digital art', 'digital art']);
  expect(of('llm_complexity_score')).toEqual([1, 1, 1, 5]);
});

describe('ingest enrichments', () => {
  test('enriches each prompt once, by its latest text, also after an interruption', async () => {
    await using world = await IngestWorld.open();
    const at = Date.UTC(2026, 0, 1);
    await ingestPrompts(world.context(), { count: 700, seed: 1 });
    expect(await ingestEnrichments(world.context(), 'llm', { at, limit: 300 })).toMatchObject({ records: 300 });
    expect(await ingestEnrichments(world.context(), 'llm', { at })).toMatchObject({ records: 400 });
    expect(await ingestEnrichments(world.context(), 'llm', { at })).toMatchObject({ records: 0 });
    expect(await ingestEnrichments(world.context(), 'embeddings', { at })).toMatchObject({
      records: 700,
      notes: ['provider hashed-embedding-384'],
    });
    const all = await world.values<{ prompt_id: number; kind: string; llm_enriched_at?: string }>('prompt_enrichments');
    expect(new Set(all.map(({ prompt_id, kind }) => `${prompt_id} ${kind}`)).size).toBe(1_400);
    const [llm] = all.filter(({ kind }) => kind === 'llm');
    expect(Date.parse(llm?.llm_enriched_at ?? '')).toBe(at);
    expect(await ingestEnrichments(world.context(), 'llm', { at, force: true })).toMatchObject({ records: 700 });
  });

  test('of a prompt published twice the latest version counts; a deleted one and its enrichment are no more', async () => {
    await using world = await IngestWorld.open();
    const one = { p: 'a castle', se: 1, c: 1, st: 1, sa: 'ddim' };
    const file = world.folder.file('part.json');
    writeFileSync(file, JSON.stringify({ 'a.png': one, 'b.png': one, 'c.png': one }));
    await ingestPrompts(world.context(), { from: file, seed: 1 });
    writeFileSync(file, JSON.stringify({ 'a.png': { ...one, p: 'a robot' } }));
    await ingestPrompts(world.context(), { from: file, seed: 1 });
    const ids = await world.values<{ prompt_id: number; image_name: string }>('prompts');
    const idOf = (name: string): number => ids.find(({ image_name }) => image_name === name)?.prompt_id as number;
    const remove = async (topic: string, key: Record<string, unknown>): Promise<void> => {
      await using writer = await world.log.write();
      const tombstone = (await world.catalog.encoder(topic)).tombstone(key);
      writer.add(topic, tombstone.key, tombstone.value);
    };
    await remove('prompts', { prompt_id: idOf('c.png') });
    await ingestEnrichments(world.context(), 'llm', { at: 0 });
    const labels = async (): Promise<unknown[]> => {
      const all = await world.values<{ prompt_id: number; llm_domain: string } | null>('prompt_enrichments');
      return all.map((it) => it && [it.prompt_id, it.llm_domain]);
    };
    expect((await labels()).sort()).toEqual(
      [
        [idOf('a.png'), 'scifi'],
        [idOf('b.png'), 'fantasy'],
      ].sort(),
    );
    await remove('prompt_enrichments', { prompt_id: idOf('b.png'), kind: 'llm' });
    expect(await ingestEnrichments(world.context(), 'llm', { at: 0 })).toMatchObject({ records: 1 });
  });

  test('of a prompt whose newest record is a dead letter the last good version counts; any whole number is an id', async () => {
    await using world = await IngestWorld.open();
    await ingestPrompts(world.context(), { count: 1, seed: 1 });
    const [one] = await world.values<{ prompt_id: number; prompt: string }>('prompts');
    const bad = Buffer.from('no record');
    {
      await using writer = await world.log.write();
      const add = async (topic: string, key: unknown, value: unknown): Promise<void> => {
        const encoded = await world.catalog.json(topic).encode(key, value);
        writer.add(topic, encoded.key, encoded.value);
      };
      await add('prompts', -3, { ...one, prompt_id: -3, prompt: 'a castle' });
      await add('prompts', -9_007_199_254_740_991, { ...one, prompt_id: -9_007_199_254_740_991, prompt: 'a robot' });
      writer.add('prompts', Buffer.from('-3'), bad);
      writer.add('prompts', Buffer.from('7'), bad);
      writer.add('prompt_enrichments', Buffer.from('[-3,"llm"]'), bad);
    }
    expect(await ingestEnrichments(world.context(), 'llm', { at: 0 })).toMatchObject({ records: 3 });
    expect(await ingestEnrichments(world.context(), 'llm', { at: 0 })).toMatchObject({ records: 0 });
    const json = world.catalog.json('prompt_enrichments');
    const stored = (await world.records('prompt_enrichments')).flatMap(({ key, value }) => {
      if (value === 'no record') return [];
      const decoded = json.decode(Buffer.from(key ?? '', 'latin1'), Buffer.from(value ?? '', 'latin1'));
      const { prompt_id, llm_domain } = decoded.value as { prompt_id: number; llm_domain: string };
      return prompt_id === one?.prompt_id ? [] : [[prompt_id, llm_domain]];
    });
    expect(stored.sort()).toEqual([
      [-3, 'fantasy'],
      [-9_007_199_254_740_991, 'scifi'],
    ]);
  });

  test('links images by name', async () => {
    await using world = await IngestWorld.open();
    const one = { p: 'x', se: 1, c: 1, st: 1, sa: 'ddim' };
    const file = world.folder.file('part.json');
    writeFileSync(file, JSON.stringify({ 'a.png': one, 'b.png': one, 'c.png': one }));
    await ingestPrompts(world.context(), { from: file, seed: 1 });
    mkdirSync(world.folder.file('images/deep'), { recursive: true });
    for (const name of ['a.png', 'deep/c.png', 'z.png']) writeFileSync(world.folder.file(`images/${name}`), '');
    const folder = world.folder.file('images');
    const summary = await ingestEnrichments(world.context(), 'images', { folder, at: 0 });
    expect(summary).toMatchObject({
      records: 2,
      notes: ['provider image-folder', '1 prompts for which the provider has nothing'],
    });
    const linked = await world.values<{ image_path: string }>('prompt_enrichments');
    expect(linked.map(({ image_path }) => image_path).sort()).toEqual([`${folder}/a.png`, `${folder}/deep/c.png`]);
    await expect(ingestEnrichments(world.context(), 'images', {})).rejects.toMatchObject({ code: 'USAGE' });
    const nowhere = world.folder.file('nowhere');
    await expect(ingestEnrichments(world.context(), 'images', { folder: nowhere })).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      place: nowhere,
    });
  });
});
