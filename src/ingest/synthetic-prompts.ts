import { Random } from '../core/random.ts';
import { promptIdOf } from './prompt-id.ts';
import type { IdentifiedPrompt, PromptRecord, PromptSource } from './prompt-record.ts';
import { MODIFIERS, STYLES, SUBJECTS } from './prompt-vocabulary.ts';
import { SAFETY_WORDS } from './safety-words.ts';

/** Prompts of each length category in a hundred, with the tokens they aim at (design, `prompt_length_category`). */
const LENGTHS: readonly (readonly [{ readonly from: number; readonly to: number }, number])[] = [
  [{ from: 1, to: 10 }, 30],
  [{ from: 11, to: 30 }, 42],
  [{ from: 31, to: 60 }, 18],
  [{ from: 61, to: 110 }, 10],
];
const UNSAFE_SHARE = 0.03;
const EMPTY_SHARE = 0.002;
const DOUBLE_SPACE_SHARE = 0.02;

/** Codes 1 to 9 as often as in DiffusionDB: mostly k_lms, then k_euler_ancestral. */
const SAMPLERS = [
  [8, 75],
  [4, 12],
  [3, 5],
  [1, 4],
  [2, 1],
  [5, 1],
  [6, 1],
  [7, 0.5],
  [9, 0.5],
] as const;
const STEPS = [
  [50, 70],
  [25, 10],
  [30, 6],
  [75, 6],
  [100, 5],
  [150, 3],
] as const;
const CFGS = [
  [7, 70],
  [7.5, 10],
  [10, 8],
  [12.5, 6],
  [15, 6],
] as const;
const SIDES = [
  [512, 70],
  [576, 5],
  [640, 8],
  [704, 7],
  [768, 7],
  [1024, 3],
] as const;

/** August 2022, minute resolution, as DiffusionDB has it; microseconds. */
const FIRST_MINUTE = Date.UTC(2022, 7, 1) * 1000;
const MINUTES = 31 * 24 * 60;
const MINUTE = 60_000_000;
const STRIDES = [1, 3, 7, 9, 11, 13, 17, 19] as const;
const SOURCE_USERS = 5_000;
const CHUNK = 500;

/** Prompts of a seed, without any file. More of them leave the first ones as they are. */
export function syntheticPrompts(count: number, seed: number): PromptSource {
  return {
    total: count,
    *chunks() {
      const random = new Random(seed ^ 0x70726f6d);
      for (let done = 0; done < count; done += CHUNK) {
        const chunk: IdentifiedPrompt[] = [];
        for (let i = done; i < Math.min(count, done + CHUNK); i++) chunk.push(syntheticPrompt(random));
        yield chunk;
      }
    },
    notes: () => [],
  };
}

function syntheticPrompt(random: Random): IdentifiedPrompt {
  const name = imageName(random);
  const record: PromptRecord = {
    image_name: name,
    prompt: promptText(random),
    generation_seed: random.uint32(),
    step: random.weighted(STEPS),
    cfg: random.weighted(CFGS),
    sampler: random.weighted(SAMPLERS),
    width: random.weighted(SIDES),
    height: random.weighted(SIDES),
    source_user: sourceUser(random),
    source_timestamp: random.chance(0.02) ? null : FIRST_MINUTE + random.below(MINUTES) * MINUTE,
  };
  return { id: promptIdOf(name), record };
}

/** A text of a rolled number of words: a subject, a style, then modifiers, cut to length. */
function promptText(random: Random): string {
  if (random.chance(EMPTY_SHARE)) return '';
  const { from, to } = random.weighted(LENGTHS);
  const length = from + random.below(to - from + 1);
  const words = random.pick(SUBJECTS).split(' ');
  if (words.length < length) words.push(...`${random.pick(STYLES)},`.split(' '));
  // A walk of a stride that shares no factor with their number meets all modifiers before it repeats one.
  const stride = random.pick(STRIDES);
  for (let at = random.below(MODIFIERS.length); words.length < length; at += stride) {
    words.push(...`${MODIFIERS[at % MODIFIERS.length]},`.split(' '));
  }
  words.length = Math.min(words.length, length);
  if (random.chance(UNSAFE_SHARE)) words[random.below(words.length)] = random.pick(SAFETY_WORDS);
  return words.join(random.chance(DOUBLE_SPACE_SHARE) ? '  ' : ' ');
}

/** As DiffusionDB names images: a UUID and `.webp`. */
function imageName(random: Random): string {
  const h = hexWords(random, 4);
  const variant = '89ab'[random.below(4)] as string;
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-${variant}${h.slice(17, 20)}-${h.slice(20)}.webp`;
}

function sourceUser(random: Random): string | null {
  const roll = random.float();
  if (roll < 0.01) return null;
  if (roll < 0.08) return 'deleted_account';
  return hexWords(new Random(random.below(SOURCE_USERS)), 8);
}

/** So many times 8 hexadecimal digits. */
function hexWords(random: Random, count: number): string {
  let digits = '';
  for (let i = 0; i < count; i++) digits += random.uint32().toString(16).padStart(8, '0');
  return digits;
}
