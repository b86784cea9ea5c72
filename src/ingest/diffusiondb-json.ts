import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileProblem, LensError } from '../core/errors.ts';
import { promptIdOf, sampleHashOf } from './prompt-id.ts';
import { SAMPLERS, type IdentifiedPrompt, type PromptRecord, type PromptSource } from './prompt-record.ts';

/** The part files do not say how large an image is; Stable Diffusion's own size stands in. */
const SIDE = 512;

/**
 * Prompts of DiffusionDB's part files (`part-000001.json`: image names as keys of objects with p prompt, se seed, c cfg,
 * st step, sa sampler), one file or all `.json` files of a folder and its subfolders, one file in memory at a time.
 * A limit takes the same sample as for Parquet: smallest seeded hash of the image name first.
 *
 * INPUT_UNREADABLE for a file that cannot be read or is no JSON, INPUT_INVALID naming the entry and key that is wrong.
 */
export function openDiffusionJson(
  from: string,
  options: { limit?: number | undefined; seed: number; place?: string },
): PromptSource {
  const { files, note } = partFiles(from);
  const notes = (): string[] => (note === null ? [] : [note]);
  const place = options.place ?? from;
  const { limit, seed } = options;
  const name = (file: string): string => (file === from ? place : file);
  if (limit === undefined) {
    return { total: null, chunks: () => files.values().map((file) => readPart(file, name(file))), notes };
  }
  return {
    total: null,
    *chunks() {
      let sample: { hash: number; prompt: IdentifiedPrompt }[] = [];
      for (const file of files) {
        for (const prompt of readPart(file, name(file))) {
          sample.push({ hash: sampleHashOf(prompt.record.image_name, seed), prompt });
        }
        sample.sort((a, b) => a.hash - b.hash || (a.prompt.record.image_name < b.prompt.record.image_name ? -1 : 1));
        sample = sample.slice(0, limit);
      }
      yield sample.map((entry) => entry.prompt);
    },
    notes,
  };
}

/** The files to read, and what there is to say about those that are not. */
function partFiles(from: string): { files: string[]; note: string | null } {
  if (!statSync(from).isDirectory()) return { files: [from], note: null };
  const all = readdirSync(from, { recursive: true, encoding: 'utf8' }).map((file) => path.join(from, file));
  const files = all.filter((file) => file.endsWith('.json')).sort();
  const [parquet] = all.filter((file) => file.endsWith('.parquet')).sort();
  if (files.length === 0) {
    throw new LensError('INPUT_INVALID', 'the folder holds no .json file', {
      place: from,
      hint:
        parquet === undefined
          ? "give a folder with DiffusionDB's part files, one of them, or metadata.parquet"
          : `give the Parquet file itself: ${parquet}`,
    });
  }
  const note = parquet === undefined ? null : `the folder's ${files.length} .json files were read, ${parquet} was not`;
  return { files, note };
}

function readPart(file: string, place: string): IdentifiedPrompt[] {
  let parsed: unknown;
  try {
    // A byte order mark is no part of JSON.
    parsed = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot read the JSON file: ${fileProblem(error)}`, {
      place,
      hint: 'is it complete? download it again',
      cause: error,
    });
  }
  if (!isObject(parsed)) {
    throw invalid(place, `it is ${Array.isArray(parsed) ? 'an array' : typeof parsed}, no object of images by name`);
  }
  return Object.entries(parsed).map(([imageName, entry]) => ({
    id: promptIdOf(imageName),
    record: partRecord(imageName, entry, place),
  }));
}

function partRecord(imageName: string, entry: unknown, place: string): PromptRecord {
  if (!isObject(entry)) throw invalid(place, `${imageName} is no object`);
  const { p, se, c, st, sa } = entry;
  if (typeof p !== 'string') throw wrongType(p, 'prompt p', 'a text', imageName, place);
  return {
    image_name: imageName,
    prompt: p,
    generation_seed: wholeOf(se, 'seed se', [0, 4_294_967_295], imageName, place),
    step: wholeOf(st, 'step st', [0, 2_147_483_647], imageName, place),
    // The Parquet file has 32-bit floats: the same image is the same record from either.
    cfg: Math.fround(numberOf(c, 'cfg c', imageName, place)),
    sampler: samplerOf(sa, imageName, place),
    width: SIDE,
    height: SIDE,
    source_user: null,
    source_timestamp: null,
  };
}

function numberOf(value: unknown, what: string, imageName: string, place: string): number {
  if (typeof value !== 'number') throw wrongType(value, what, 'a number', imageName, place);
  return value;
}

function wrongType(value: unknown, what: string, wanted: string, imageName: string, place: string): LensError {
  if (value === undefined) return invalid(place, `${imageName} has no ${what}`);
  return invalid(place, `${imageName}: ${what} is ${JSON.stringify(value).slice(0, 100)}, not ${wanted}`);
}

function wholeOf(
  value: unknown,
  what: string,
  [least, most]: readonly [number, number],
  imageName: string,
  place: string,
): number {
  const number = numberOf(value, what, imageName, place);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw invalid(place, `${imageName}: ${what} is ${number}, not a whole number from ${least} to ${most}`);
}

/** A code 1 to 9 or a name; a name that is none of the eight known is "others". */
function samplerOf(value: unknown, imageName: string, place: string): number {
  if (typeof value === 'number') return wholeOf(value, 'sampler sa', [1, SAMPLERS.length], imageName, place);
  if (typeof value !== 'string') throw wrongType(value, 'sampler sa', 'a code or a name', imageName, place);
  const code = SAMPLERS.findIndex((name) => name === value) + 1;
  return code === 0 ? SAMPLERS.length : code;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(place: string, problem: string): LensError {
  return new LensError('INPUT_INVALID', `not a DiffusionDB part file: ${problem}`, {
    place,
    hint: 'each image name maps to {"p": prompt, "se": seed, "c": cfg, "st": step, "sa": sampler}',
  });
}
