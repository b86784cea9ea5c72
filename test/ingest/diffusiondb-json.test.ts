import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDiffusionJson } from '../../src/ingest/diffusiondb-json.ts';
import { promptIdOf, sampleHashOf } from '../../src/ingest/prompt-id.ts';
import type { IdentifiedPrompt } from '../../src/ingest/prompt-record.ts';
import { Folder } from './diffusiondb-files.ts';

async function read(from: string, options: { limit?: number; seed?: number } = {}): Promise<IdentifiedPrompt[]> {
  const prompts: IdentifiedPrompt[] = [];
  for await (const chunk of openDiffusionJson(from, { seed: 1, ...options }).chunks()) prompts.push(...chunk);
  return prompts;
}

function part(from: number, to: number): string {
  const entries = Array.from({ length: to - from }, (_, i) => [
    `image-${from + i}.png`,
    { p: `prompt ${from + i}`, se: 3_312_523_387, c: 7, st: 50, sa: 'k_lms' },
  ]);
  return JSON.stringify(Object.fromEntries(entries));
}

test('a part file gives its prompts; size, user and time are not in it', async () => {
  using folder = new Folder();
  const file = folder.file('part-000001.json');
  writeFileSync(file, part(0, 3));
  expect(await read(file)).toHaveLength(3);
  expect((await read(file))[0]).toEqual({
    id: promptIdOf('image-0.png'),
    record: {
      image_name: 'image-0.png',
      prompt: 'prompt 0',
      generation_seed: 3_312_523_387,
      step: 50,
      cfg: 7,
      sampler: 8,
      width: 512,
      height: 512,
      source_user: null,
      source_timestamp: null,
    },
  });
});

test('a folder gives all parts, and the same sample however the prompts are spread over them', async () => {
  using one = new Folder();
  using many = new Folder();
  writeFileSync(one.file('all.json'), part(0, 500));
  for (const [i, from] of [400, 0, 100, 300, 200].entries()) {
    mkdirSync(many.file(`part-${i}`));
    writeFileSync(many.file(`part-${i}/part-${i}.json`), part(from, from + 100));
  }
  expect(await read(many.path)).toHaveLength(500);
  const names = Array.from({ length: 500 }, (_, i) => `image-${i}.png`);
  const expected = names.sort((a, b) => sampleHashOf(a, 4) - sampleHashOf(b, 4)).slice(0, 20);
  for (const from of [one.path, many.path]) {
    const sample = await read(from, { limit: 20, seed: 4 });
    expect(sample.map(({ record }) => record.image_name)).toEqual(expected);
  }
});

test('samplers by name or code, unknown names are others', async () => {
  using folder = new Folder();
  const samplers = ['ddim', 'plms', 'k_euler', 'k_euler_ancestral', 'k_heun', 'k_dpm_2', 'k_dpm_2_ancestral', 'k_lms'];
  const entries = [...samplers, 'my own', 4].map((sa, i) => [`${i}.png`, { p: '', se: 1, c: 1, st: 1, sa }]);
  writeFileSync(folder.file('a.json'), JSON.stringify(Object.fromEntries(entries)));
  const prompts = await read(folder.file('a.json'));
  expect(prompts.map(({ record }) => record.sampler)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 4]);
});

test('says which file and entry is wrong', async () => {
  using folder = new Folder();
  const file = folder.file('a.json');
  const cases: [string, string, RegExp][] = [
    ['{"a.png": {', 'INPUT_UNREADABLE', /JSON/],
    ['[1]', 'INPUT_INVALID', /no object of images/],
    ['{"a.png": 1}', 'INPUT_INVALID', /a\.png is no object/],
    ['{"a.png": {"se": 1, "c": 1, "st": 1, "sa": "ddim"}}', 'INPUT_INVALID', /a\.png has no prompt p/],
    [
      '{"a.png": {"p": "x", "se": "1", "c": 1, "st": 1, "sa": "ddim"}}',
      'INPUT_INVALID',
      /a\.png: seed se is .*, not a number/,
    ],
    ['{"a.png": {"p": "x", "se": 1, "c": 1, "st": 1}}', 'INPUT_INVALID', /a\.png has no sampler sa/],
    ['{"a.png": {"p": "x", "se": 1, "c": 1, "st": 50.5, "sa": 1}}', 'INPUT_INVALID', /step st is 50\.5/],
    ['{"a.png": {"p": "x", "se": -1, "c": 1, "st": 1, "sa": 1}}', 'INPUT_INVALID', /seed se is -1/],
    ['{"a.png": {"p": "x", "se": 1, "c": 1, "st": 1, "sa": 77}}', 'INPUT_INVALID', /sampler sa is 77/],
  ];
  for (const [content, code, message] of cases) {
    writeFileSync(file, content);
    await expect(read(file)).rejects.toMatchObject({ code, place: file, message: expect.stringMatching(message) });
  }
  mkdirSync(folder.file('empty'));
  await expect(read(folder.file('empty'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});
