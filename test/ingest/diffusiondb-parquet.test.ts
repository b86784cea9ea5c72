import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openDiffusionParquet } from '../../src/ingest/diffusiondb-parquet.ts';
import { promptIdOf, sampleHashOf } from '../../src/ingest/prompt-id.ts';
import type { IdentifiedPrompt } from '../../src/ingest/prompt-record.ts';
import { Folder, writeParquet } from './diffusiondb-files.ts';

async function read(
  file: string,
  options: { limit?: number; seed?: number } = {},
): Promise<{ prompts: IdentifiedPrompt[]; notes: readonly string[]; total: number | null; largest: number }> {
  await using source = await openDiffusionParquet(file, { seed: 1, ...options });
  const prompts: IdentifiedPrompt[] = [];
  let largest = 0;
  for await (const chunk of source.chunks()) {
    prompts.push(...chunk);
    largest = Math.max(largest, chunk.length);
  }
  return { prompts, notes: source.notes(), total: source.total, largest };
}

describe('a metadata.parquet', () => {
  test('gives every row in the fields of the topic, a chunk at a time', async () => {
    using folder = new Folder();
    const file = folder.file('metadata.parquet');
    await writeParquet(file, 5_000);
    const { prompts, total, notes, largest } = await read(file);
    expect([prompts.length, total, notes]).toEqual([5_000, 5_000, []]);
    expect(largest).toBeLessThanOrEqual(2048);
    const one = prompts[1] as IdentifiedPrompt;
    expect(one.id).toBe(promptIdOf(one.record.image_name));
    expect(one.record).toEqual({
      image_name: 'c4ca4238a0b923820dcc509a6f75849b.webp',
      prompt: 'prompt number 1',
      generation_seed: 4_294_967_294,
      step: 50,
      cfg: 7.5,
      sampler: 2,
      width: 512,
      height: 768,
      source_user: '6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b',
      source_timestamp: Date.UTC(2022, 7, 7, 22, 58) * 1000,
    });
    expect([prompts[0]?.record.source_user, prompts[0]?.record.source_timestamp]).toEqual([null, null]);
  });

  test('can have its timestamps without a zone, and in nanoseconds as pandas writes them', async () => {
    using folder = new Folder();
    for (const type of ['timestamp', 'timestamp_ns', 'timestamp_ms', 'timestamp_s']) {
      const file = folder.file(`${type}.parquet`);
      await writeParquet(file, 1, { columns: { timestamp: `'2022-08-07 22:57:00'::${type}` } });
      expect((await read(file)).prompts[0]?.record.source_timestamp).toBe(Date.UTC(2022, 7, 7, 22, 57) * 1000);
    }
  });

  test('can have a name with pattern characters, and more columns', async () => {
    using folder = new Folder();
    const file = folder.file('what [is] *this?.parquet');
    await writeParquet(file, 3, { columns: { extra: '[1, 2]' } });
    expect((await read(file)).prompts).toHaveLength(3);
  });

  test('leaves out rows that cannot be prompts, and says how many', async () => {
    using folder = new Folder();
    const file = folder.file('nulls.parquet');
    await writeParquet(file, 100, { columns: { prompt: `case when i % 20 = 3 then null else 'p' end` } });
    const { prompts, total, notes } = await read(file);
    expect([prompts.length, total]).toEqual([95, 95]);
    expect(notes).toEqual([
      '5 rows left out: null in one of image_name, prompt, seed, step, cfg, sampler, width, height',
    ]);
  });
});

describe('a sample', () => {
  test('is the rows of the smallest hashes, in their order, whatever the order in the file', async () => {
    using folder = new Folder();
    await writeParquet(folder.file('a.parquet'), 3_000);
    await writeParquet(folder.file('b.parquet'), 3_000, { orderBy: 'hash(i)' });
    const all = (await read(folder.file('a.parquet'))).prompts.map(({ record }) => record.image_name);
    const expected = all.toSorted((x, y) => sampleHashOf(x, 9) - sampleHashOf(y, 9)).slice(0, 100);
    for (const name of ['a.parquet', 'b.parquet']) {
      const { prompts, total } = await read(folder.file(name), { limit: 100, seed: 9 });
      expect(prompts.map(({ record }) => record.image_name)).toEqual(expected);
      expect(total).toBe(100);
    }
    const other = await read(folder.file('a.parquet'), { limit: 100, seed: 10 });
    expect(other.prompts.map(({ record }) => record.image_name)).not.toEqual(expected);
  });

  test('of more than there are is everything', async () => {
    using folder = new Folder();
    await writeParquet(folder.file('a.parquet'), 50);
    const { prompts, total } = await read(folder.file('a.parquet'), { limit: 1_000 });
    expect([prompts.length, total]).toEqual([50, 50]);
  });
});

describe('a file that is none', () => {
  test('names all columns that are missing or of a wrong type', async () => {
    using folder = new Folder();
    const file = folder.file('wrong.parquet');
    await writeParquet(file, 3, { columns: { prompt: null, sampler: `'k_lms'`, timestamp: '1' } });
    await expect(read(file)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      place: file,
      message:
        "not DiffusionDB's metadata: prompt is missing; sampler is VARCHAR, not a whole number; timestamp is INTEGER, not a timestamp",
    });
  });

  test('is unreadable when it is missing, garbage, or cut anywhere', async () => {
    using folder = new Folder();
    const file = folder.file('good.parquet');
    await writeParquet(file, 20_000);
    const bytes = readFileSync(file);
    for (const part of [0.05, 0.5, 0.999]) {
      const cut = folder.file(`cut-${part}.parquet`);
      writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * part)));
      await expect(read(cut)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE', place: cut });
    }
    await expect(read(folder.file('none.parquet'))).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });

  test('damaged in the middle, it fails while it is read instead of losing rows', async () => {
    using folder = new Folder();
    const file = folder.file('damaged.parquet');
    await writeParquet(file, 20_000);
    const bytes = readFileSync(file);
    bytes.fill(0xff, Math.floor(bytes.length * 0.1), Math.floor(bytes.length * 0.3));
    writeFileSync(file, bytes);
    await expect(read(file)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE', place: file });
  });
});
