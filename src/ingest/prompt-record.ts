/** One value of the `prompts` topic, its id aside (design, "Topics"). */
export interface PromptRecord {
  image_name: string;
  prompt: string;
  /** 0 .. 2^32-1 */
  generation_seed: number;
  step: number;
  cfg: number;
  /** DiffusionDB's code, see {@link SAMPLERS}. */
  sampler: number;
  width: number;
  height: number;
  source_user: string | null;
  /** Microseconds since 1970. */
  source_timestamp: number | null;
}

/** DiffusionDB's sampler codes 1 to 9, in order (its data card). */
export const SAMPLERS = [
  'ddim',
  'plms',
  'k_euler',
  'k_euler_ancestral',
  'k_heun',
  'k_dpm_2',
  'k_dpm_2_ancestral',
  'k_lms',
  'others',
] as const;

/** A source of prompts: they come in arrays, with the ids they want, and say what was left out when they end. */
export interface PromptSource {
  /** How many there will be, or null. */
  readonly total: number | null;
  chunks(): AsyncIterable<readonly IdentifiedPrompt[]> | Iterable<readonly IdentifiedPrompt[]>;
  notes(): readonly string[];
}

export interface IdentifiedPrompt {
  readonly id: number;
  readonly record: PromptRecord;
}

/** Parts of a text between single spaces: '' has one, 'a  b' three (design, `stg_prompts`). */
export function tokenCount(text: string): number {
  let tokens = 1;
  for (let at = text.indexOf(' '); at >= 0; at = text.indexOf(' ', at + 1)) tokens++;
  return tokens;
}
