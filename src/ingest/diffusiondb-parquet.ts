import { LensError, messageOf } from '../core/errors.ts';
import { ScratchReader, type ScratchChunk } from '../warehouse/scratch-reader.ts';
import { text as literal } from '../warehouse/sql.ts';
import { PROMPT_ID_SQL, sampleHashSql } from './prompt-id.ts';
import type { IdentifiedPrompt, PromptSource } from './prompt-record.ts';

const WHOLE = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const REAL = /^(FLOAT|DOUBLE|DECIMAL.*|U?(TINYINT|SMALLINT|INTEGER|BIGINT))$/;
const TEXT = /^VARCHAR$/;
const TIME = /^TIMESTAMP/;

/** The 13 columns of DiffusionDB's `metadata.parquet` and what types they may have here (its data card). */
const COLUMNS: ReadonlyMap<string, { readonly accepts: RegExp; readonly kind: string }> = new Map([
  ['image_name', { accepts: TEXT, kind: 'text' }],
  ['prompt', { accepts: TEXT, kind: 'text' }],
  ['part_id', { accepts: WHOLE, kind: 'a whole number' }],
  ['seed', { accepts: WHOLE, kind: 'a whole number' }],
  ['step', { accepts: WHOLE, kind: 'a whole number' }],
  ['cfg', { accepts: REAL, kind: 'a number' }],
  ['sampler', { accepts: WHOLE, kind: 'a whole number' }],
  ['width', { accepts: WHOLE, kind: 'a whole number' }],
  ['height', { accepts: WHOLE, kind: 'a whole number' }],
  ['user_name', { accepts: TEXT, kind: 'text' }],
  ['timestamp', { accepts: TIME, kind: 'a timestamp' }],
  ['image_nsfw', { accepts: REAL, kind: 'a number' }],
  ['prompt_nsfw', { accepts: REAL, kind: 'a number' }],
]);

/** Columns a prompt cannot be without; a row with null in one is left out and counted. */
const REQUIRED = ['image_name', 'prompt', 'seed', 'step', 'cfg', 'sampler', 'width', 'height'];

/**
 * Prompts of a DiffusionDB `metadata.parquet`, streamed in chunks of 2048 rows.
 *
 * With a limit it takes the rows whose seeded hash of image_name is smallest, in the order of that hash, so that the
 * sample depends on the rows and the seed but not on their order in the file. One pass over the names finds the
 * largest hash of the sample; only rows up to it are sorted.
 *
 * INPUT_UNREADABLE when it is no Parquet file, INPUT_INVALID naming the columns that are missing or of a wrong type.
 */
export async function openDiffusionParquet(
  file: string,
  options: { limit?: number | undefined; seed: number; place?: string },
): Promise<PromptSource & AsyncDisposable> {
  const place = options.place ?? file;
  const reader = await ScratchReader.open();
  try {
    const from = `read_parquet(${literal(globless(file))})`;
    await checkColumns(reader, from, place);
    const complete = REQUIRED.map((name) => `"${name}" is not null`).join(' and ');
    const rows = await readable(place, () => reader.number(`select count(*) from ${from}`));
    const usable = await readable(place, () => reader.number(`select count(*) from ${from} where ${complete}`));
    const query = await selection(reader, from, complete, options);
    const skipped = (rows ?? 0) - (usable ?? 0);
    return {
      total: options.limit === undefined ? usable : Math.min(options.limit, usable ?? 0),
      chunks: () => promptsOf(reader, query, place),
      notes: () => (skipped === 0 ? [] : [`${skipped} rows left out: null in one of ${REQUIRED.join(', ')}`]),
      [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
    };
  } catch (error) {
    await reader[Symbol.asyncDispose]();
    throw error;
  }
}

async function checkColumns(reader: ScratchReader, from: string, place: string): Promise<void> {
  const columns = await readable(place, () => reader.describe(`select * from ${from}`));
  const types = new Map(columns.map((column) => [column.name, column.type]));
  const problems: string[] = [];
  for (const [name, { accepts, kind }] of COLUMNS) {
    const type = types.get(name);
    if (type === undefined) problems.push(`${name} is missing`);
    else if (!accepts.test(type)) problems.push(`${name} is ${type}, not ${kind}`);
  }
  if (problems.length > 0) {
    throw new LensError('INPUT_INVALID', `not DiffusionDB's metadata: ${problems.join('; ')}`, {
      place,
      hint: `the file needs the 13 columns ${[...COLUMNS.keys()].join(', ')}`,
    });
  }
}

async function selection(
  reader: ScratchReader,
  from: string,
  complete: string,
  options: { limit?: number | undefined; seed: number },
): Promise<string> {
  // The order here is the order of the columns in `prompts` below.
  const columns = `image_name, prompt, ${PROMPT_ID_SQL} as id, seed::double as seed, step::double as step,
    cfg::double as cfg, sampler::double as sampler, width::double as width, height::double as height,
    user_name, epoch_us("timestamp"::timestamp)::double as at`;
  if (options.limit === undefined) return `select ${columns} from ${from} where ${complete}`;
  const hash = sampleHashSql(options.seed);
  const largest = await reader.number(
    `select ${hash} as hash from ${from} where ${complete}
     order by hash limit 1 offset ${Math.max(0, options.limit - 1)}`,
  );
  const sample = largest === null ? 'true' : `${hash} <= ${largest}`;
  return `select ${columns} from ${from} where ${complete} and ${sample}
    order by ${hash}, image_name limit ${options.limit}`;
}

async function* promptsOf(
  reader: ScratchReader,
  query: string,
  place: string,
): AsyncGenerator<readonly IdentifiedPrompt[]> {
  try {
    for await (const chunk of reader.stream(query)) yield prompts(chunk);
  } catch (error) {
    throw unreadable(place, error);
  }
}

function prompts({ rowCount, columns }: ScratchChunk): IdentifiedPrompt[] {
  const texts = columns as readonly (readonly string[])[];
  const numbers = columns as readonly (readonly number[])[];
  const text = (column: number, row: number): string => texts[column]?.[row] as string;
  const number = (column: number, row: number): number => numbers[column]?.[row] as number;
  return Array.from({ length: rowCount }, (_, i) => ({
    id: number(2, i),
    record: {
      image_name: text(0, i),
      prompt: text(1, i),
      generation_seed: number(3, i),
      step: number(4, i),
      cfg: number(5, i),
      sampler: number(6, i),
      width: number(7, i),
      height: number(8, i),
      source_user: text(9, i) ?? null,
      source_timestamp: number(10, i) ?? null,
    },
  }));
}

async function readable<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw unreadable(place, error);
  }
}

function unreadable(place: string, error: unknown): LensError {
  if (error instanceof LensError && error.code !== 'QUERY_FAILED') return error;
  return new LensError('INPUT_UNREADABLE', `cannot read the Parquet file: ${withoutSql(messageOf(error))}`, {
    place,
    hint: 'is it complete and really Parquet? download it again',
    cause: error,
  });
}

/** DuckDB shows the place in a query that is none of the user's. */
function withoutSql(message: string): string {
  return (message.split(/\n+LINE \d+:/)[0] as string).trim();
}

/** `[`, `*` and `?` in a path are characters here, not patterns. */
function globless(file: string): string {
  return file.replaceAll(/[[*?]/g, (character) => `[${character}]`);
}
