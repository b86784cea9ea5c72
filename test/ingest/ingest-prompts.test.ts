import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { ingestPrompts } from '../../src/ingest/ingest-prompts.ts';
import { promptIdOf } from '../../src/ingest/prompt-id.ts';
import { tokenCount } from '../../src/ingest/prompt-record.ts';
import { isUnsafe } from '../../src/ingest/safety-words.ts';
import { writeParquet } from './diffusiondb-files.ts';
import { IngestWorld } from './ingest-world.ts';

interface Prompt {
  readonly prompt_id: number;
  readonly prompt: string;
  readonly image_name: string;
  readonly generation_seed: number;
  readonly sampler: number;
  readonly source_timestamp: string | null;
}

test('publishes a metadata.parquet, twice the same', async () => {
  await using world = await IngestWorld.open();
  const file = world.folder.file('metadata.parquet');
  await writeParquet(file, 3_000);
  const summary = await ingestPrompts(world.context(), { from: file, seed: 1 });
  expect(summary).toMatchObject({ topic: 'prompts', records: 3_000, notes: [], stopped: false });
  const prompts = await world.values<Prompt>('prompts');
  const one = prompts.find(({ prompt }) => prompt === 'prompt number 1');
  expect(one).toMatchObject({
    prompt_id: promptIdOf('c4ca4238a0b923820dcc509a6f75849b.webp'),
    generation_seed: 4_294_967_294,
    sampler: 2,
  });
  expect(Date.parse(one?.source_timestamp ?? '')).toBe(Date.UTC(2022, 7, 7, 22, 58));
  await ingestPrompts(world.context(), { from: file, seed: 2 });
  expect(new Set((await world.records('prompts')).map(({ key, value }) => `${key} ${value}`)).size).toBe(3_000);
});

test('publishes what a URL gives, and leaves no file behind', async () => {
  await using world = await IngestWorld.open();
  const file = world.folder.file('metadata.parquet');
  await writeParquet(file, 200);
  const content = readFileSync(file);
  const server = createServer((_, response) => response.end(content));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('lens-download-'));
  const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metadata.parquet`;
  expect(await ingestPrompts(world.context(), { from, limit: 50, seed: 1 })).toMatchObject({ records: 50 });
  server.close();
  const after = readdirSync(tmpdir()).filter((name) => name.startsWith('lens-download-'));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

test('says what is wrong with an input, and publishes nothing then', async () => {
  await using world = await IngestWorld.open();
  const cases: [string, string | null, string][] = [
    ['missing.parquet', null, 'INPUT_UNREADABLE'],
    ['empty.parquet', '', 'INPUT_UNREADABLE'],
    ['garbage.parquet', 'no parquet at all', 'INPUT_UNREADABLE'],
    ['short.parquet', 'PAR1PAR1', 'INPUT_UNREADABLE'],
    ['other.json', '{"a.png": {"prompt": "x"}}', 'INPUT_INVALID'],
  ];
  for (const [name, content, code] of cases) {
    const from = world.folder.file(name);
    if (content !== null) writeFileSync(from, content);
    await expect(ingestPrompts(world.context(), { from, seed: 1 })).rejects.toMatchObject({ code, place: from });
  }
  mkdirSync(world.folder.file('folder'));
  await expect(ingestPrompts(world.context(), { from: world.folder.file('folder'), seed: 1 })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
  });
  expect(await world.records('prompts')).toEqual([]);
});

test('says what exactly is wrong, what to do, and what is published already', async () => {
  await using world = await IngestWorld.open();
  const entry = (more: object): string => JSON.stringify({ 'a.png': { p: 'x', se: 1, c: 7, st: 50, sa: 1, ...more } });
  const cases: [string, string, object][] = [
    ['type.json', entry({ se: 'abc' }), { message: /a\.png: seed se is "abc", not a number/ }],
    ['text.json', entry({ p: 5 }), { message: /a\.png: prompt p is 5, not a text/ }],
    ['sampler.json', entry({ sa: null }), { message: /a\.png: sampler sa is null, not a code or a name/ }],
    ['array.json', '[1]', { message: /it is an array, no object of images/, hint: /each image name maps to/ }],
    ['cut.json', entry({}).slice(0, -5), { message: /JSON/, hint: /is it complete/ }],
    ['short.parquet', 'PAR1PAR1', { message: /^cannot read the Parquet file: (?![\s\S]*select)/ }],
  ];
  for (const [name, content, wanted] of cases) {
    const from = world.folder.file(name);
    writeFileSync(from, content);
    const patterns = Object.entries(wanted).map(([key, pattern]) => [key, expect.stringMatching(pattern as RegExp)]);
    await expect(ingestPrompts(world.context(), { from, seed: 1 })).rejects.toMatchObject(Object.fromEntries(patterns));
  }
  await expect(ingestPrompts(world.context(), { from: 'ftp://host/x', seed: 1 })).rejects.toMatchObject({
    code: 'INPUT_UNREADABLE',
    message: expect.stringContaining('the schemes are http and https') as string,
  });
  const folder = world.folder.file('parts');
  mkdirSync(folder);
  writeFileSync(`${folder}/1.json`, `\uFEFF${entry({})}`);
  writeFileSync(`${folder}/metadata.parquet`, '');
  const { notes, records } = await ingestPrompts(world.context(), { from: folder, seed: 1 });
  expect([records, notes]).toEqual([
    1,
    [expect.stringMatching(/1 \.json files were read, .*metadata\.parquet was not/)],
  ]);
  writeFileSync(`${folder}/2.json`, entry({ se: 'abc' }));
  await expect(ingestPrompts(world.context(), { from: folder, seed: 1 })).rejects.toMatchObject({
    message: expect.stringMatching(/; the 1 record before it is published$/) as string,
    place: `${folder}/2.json`,
  });
});

test('synthetic prompts have all lengths, other scripts, refused words, and are the same for the same seed', async () => {
  const bytes: unknown[] = [];
  for (const seed of [42, 42, 43]) {
    await using world = await IngestWorld.open();
    await ingestPrompts(world.context(), { count: 4_000, seed });
    bytes.push(await world.records('prompts'));
    const texts = (await world.values<Prompt>('prompts')).map(({ prompt }) => prompt);
    const share = (holds: (text: string) => boolean): number => texts.filter(holds).length / texts.length;
    const lengths = [
      share((text) => tokenCount(text) <= 10),
      share((text) => tokenCount(text) > 10 && tokenCount(text) <= 30),
      share((text) => tokenCount(text) > 30 && tokenCount(text) <= 60),
      share((text) => tokenCount(text) > 60),
    ];
    for (const [i, expected] of [0.3, 0.42, 0.18, 0.1].entries()) {
      expect(Math.abs((lengths[i] as number) - expected)).toBeLessThan(0.03);
    }
    expect(share(isUnsafe)).toBeGreaterThan(0.02);
    expect(share((text) => /\p{Script=Han}|\p{Script=Cyrillic}/u.test(text))).toBeGreaterThan(0.05);
    expect(texts).toContain('');
    expect(share((text) => text.includes('  '))).toBeGreaterThan(0);
  }
  expect(bytes[0]).toEqual(bytes[1]);
  expect(bytes[0]).not.toEqual(bytes[2]);
});

test('ends early when the signal says so, and says it', async () => {
  await using world = await IngestWorld.open();
  const stop = new AbortController();
  const ctx = world.context({ signal: stop.signal, onProgress: (_, done) => done > 500 && stop.abort() });
  const summary = await ingestPrompts(ctx, { count: 2_000_000, seed: 1 });
  expect(summary.stopped).toBe(true);
  expect(summary.records).toBeLessThan(200_000);
  expect(await world.records('prompts')).toHaveLength(summary.records);
});
