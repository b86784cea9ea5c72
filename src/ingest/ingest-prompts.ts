import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { fileProblem, LensError } from '../core/errors.ts';
import { openDiffusionJson } from './diffusiondb-json.ts';
import { openDiffusionParquet } from './diffusiondb-parquet.ts';
import { download, isUrl } from './download.ts';
import { DEFAULT_START_AT, type IngestContext, type IngestSummary } from './ingest-contract.ts';
import { PromptIds } from './prompt-id.ts';
import type { PromptSource } from './prompt-record.ts';
import { syntheticPrompts } from './synthetic-prompts.ts';
import type { PublishedRecords } from './resuming-writer.ts';
import { publishedBefore, TopicPublisher } from './topic-publisher.ts';

export interface PromptsOptions {
  /** Path or http(s) URL of DiffusionDB's metadata.parquet or a part file, or the path of a folder of part files. */
  readonly from?: string | undefined;
  /** Takes a sample of so many of the file's prompts. */
  readonly limit?: number | undefined;
  /** Without `from`: how many synthetic prompts (default 10,000). */
  readonly count?: number | undefined;
  readonly seed: number;
  /** Timestamp of the records, milliseconds since 1970. */
  readonly startAt?: number | undefined;
  /** See TopicPublisher. */
  readonly published?: PublishedRecords | undefined;
}

/**
 * Publishes prompts: those of a DiffusionDB file, all or a seeded sample, or synthetic ones.
 * INPUT_UNREADABLE and INPUT_INVALID say what is wrong with a file.
 */
export async function ingestPrompts(ctx: IngestContext, options: PromptsOptions): Promise<IngestSummary> {
  const { from } = options;
  if (from === undefined) return publish(ctx, syntheticPrompts(options.count ?? 10_000, options.seed), options);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(from)?.[1];
  if (scheme !== undefined && !isUrl(from)) {
    throw new LensError('INPUT_UNREADABLE', `cannot read from ${scheme}://: the schemes are http and https`, {
      place: from,
      hint: 'download the file yourself and give its path',
    });
  }
  if (!isUrl(from)) return publishFile(ctx, from, from, options);
  const progress = ctx.onProgress;
  const started = performance.now();
  try {
    await using fetched = await download(from, {
      signal: ctx.signal,
      progress: progress && ((done, total) => progress('bytes downloaded', done, total)),
    });
    return await publishFile(ctx, fetched.file, from, options);
  } catch (error) {
    if (ctx.signal?.aborted !== true) throw error;
    const milliseconds = Math.round(performance.now() - started);
    return { topic: 'prompts', records: 0, milliseconds, notes: ['stopped during the download'], stopped: true };
  }
}

async function publishFile(
  ctx: IngestContext,
  file: string,
  place: string,
  options: PromptsOptions,
): Promise<IngestSummary> {
  const { limit, seed } = options;
  if (formatOf(file, place) === 'json') return publish(ctx, openDiffusionJson(file, { limit, seed, place }), options);
  await using source = await openDiffusionParquet(file, { limit, seed, place });
  return await publish(ctx, source, options);
}

async function publish(ctx: IngestContext, source: PromptSource, options: PromptsOptions): Promise<IngestSummary> {
  const timestamp = options.startAt ?? DEFAULT_START_AT;
  const ids = new PromptIds();
  await using publisher = await TopicPublisher.open(ctx, {
    topic: 'prompts',
    label: 'prompts',
    total: source.total,
    published: options.published,
  });
  try {
    for await (const chunk of source.chunks()) {
      for (const { id, record } of chunk) {
        publisher.publish({ prompt_id: ids.claim(record.image_name, id), ...record }, timestamp);
        await publisher.breathe();
      }
      if (publisher.stopped) break;
    }
  } catch (error) {
    throw await afterSome(error, publisher);
  }
  const notes = [...source.notes()];
  if (ids.repeated > 0) notes.push(`${ids.repeated} image names came again; the last one of each counts`);
  if (ids.moved > 0) notes.push(`${ids.moved} prompts got another id, since two names had the same`);
  return publisher.finish(notes);
}

/** What is wrong with an input, and how much of it is published already. */
async function afterSome(error: unknown, publisher: TopicPublisher): Promise<unknown> {
  if (!(error instanceof LensError) || !error.code.startsWith('INPUT_')) return error;
  const { records } = await publisher.finish();
  const { place, hint } = error;
  return new LensError(error.code, `${error.message}; ${publishedBefore(records)}`, {
    place,
    hint,
    cause: error,
    fields: { published: records },
  });
}

/** By the first bytes, whatever the name: Parquet files start with PAR1, everything else is taken for JSON. */
function formatOf(file: string, place: string): 'parquet' | 'json' {
  try {
    if (statSync(file).isDirectory()) return 'json';
    const start = Buffer.alloc(64);
    const handle = openSync(file, 'r');
    let length: number;
    try {
      length = readSync(handle, start);
    } finally {
      closeSync(handle);
    }
    const text = start
      .toString('latin1', 0, length)
      .replace(/^\u00ef\u00bb\u00bf/, '')
      .trimStart();
    if (text.startsWith('PAR1')) return 'parquet';
    if (text.startsWith('{') || text.startsWith('[')) return 'json';
    throw new LensError('INPUT_UNREADABLE', length === 0 ? 'the file is empty' : 'neither Parquet nor JSON', {
      place,
      hint: "give DiffusionDB's metadata.parquet, a part's .json, or a folder of parts",
    });
  } catch (error) {
    if (error instanceof LensError) throw error;
    throw new LensError('INPUT_UNREADABLE', `cannot read the input: ${fileProblem(error)}`, {
      place,
      hint: 'check the path; --from takes a file, a folder, or an http(s) URL',
      cause: error,
    });
  }
}
