import type { Random } from '../core/random.ts';

/**
 * What happens to one generation, after the reference telemetry of the project: status, latency, cost, retries,
 * feedback and download by the prompt's length, its words and the user's tier. `docs/ingest.md` has the figures.
 */
export type Status = 'success' | 'timeout' | 'safety_violation' | 'rate_limited' | 'model_error';
export type Feedback = 'thumbs_up' | 'thumbs_down';

/** Tiers by code, as in the arrays below. */
export const TIERS = ['free', 'pro', 'enterprise'] as const;
/** How often a user generates, by tier. */
export const ACTIVITY = [1, 3, 8] as const;
/** What is paid of the price, in percent, by tier. */
const PAID_PERCENT = [100, 90, 80] as const;
const FEEDBACK = [0.1, 0.2, 0.25] as const;
const POSITIVE_ON_SUCCESS = 0.8;
const POSITIVE_ON_FAILURE = 0.1;
const DOWNLOAD = [0.4, 0.65, 0.8] as const;
/** Added to the chance of a download for prompts of more than {@link LONG_PROMPT} tokens. */
const DOWNLOAD_LONG = 0.1;
const LONG_PROMPT = 30;

/** Only prompts with more tokens than this time out. */
const TIMEOUT_TOKENS = 75;
const TIMEOUT = 0.3;
const REFUSAL = 0.8;
const RATE_LIMITED = 0.02;
const MODEL_ERROR = 0.015;

const MS_PER_TOKEN = 50;
const NOISE_SIGMA = 0.4;
const SUCCESS_MS = [200, 25_000] as const;

/** Chances of 0, 1, 2, 3 retries, cumulated. */
const RETRIES_ON_SUCCESS = [0.86, 0.96, 0.99] as const;
const RETRIES_ON_FAILURE = [0.4, 0.7, 0.9] as const;

const MODELS = ['v1.4', 'v1.5', 'v2.0', 'v2.1'] as const;
/** 5, 15, 30 and 50 of a hundred, cumulated. */
const MODEL_MIX = [0.05, 0.2, 0.5] as const;

/** One of the five, rolled for a prompt of so many tokens; `unsafe` says that it has a word that is refused. */
export function rollStatus(random: Random, tokens: number, unsafe: boolean): Status {
  if (unsafe && random.chance(REFUSAL)) return 'safety_violation';
  if (tokens > TIMEOUT_TOKENS && random.chance(TIMEOUT)) return 'timeout';
  const roll = random.float();
  if (roll < RATE_LIMITED) return 'rate_limited';
  return roll < RATE_LIMITED + MODEL_ERROR ? 'model_error' : 'success';
}

/** Whole milliseconds. */
export function rollLatency(random: Random, status: Status, tokens: number): number {
  switch (status) {
    case 'timeout':
      return 25_000 + random.below(10_001);
    case 'safety_violation':
      return 100 + random.below(401);
    case 'rate_limited':
    case 'model_error':
      return 50 + random.below(151);
    case 'success': {
      const noisy = Math.round(MS_PER_TOKEN * tokens * Math.exp(NOISE_SIGMA * random.normal()));
      return Math.min(SUCCESS_MS[1], Math.max(SUCCESS_MS[0], noisy));
    }
  }
}

/**
 * The price in ten-thousandths of a credit, exact: 0.01 a token and 0.05 a second, or 0.001 a token where it failed, less
 * the tier's discount, rounded half up.
 */
export function costUnits(success: boolean, tokens: number, latencyMs: number, tier: number): number {
  // 0.01 credits = 100 units a token; 0.05 credits a second = 1/2 unit a millisecond. In half units times percent:
  const halves = success ? 200 * tokens + latencyMs : 20 * tokens;
  return Math.floor((halves * (PAID_PERCENT[tier] as number) + 100) / 200);
}

export function rollRetries(random: Random, success: boolean): number {
  return step(random.float(), success ? RETRIES_ON_SUCCESS : RETRIES_ON_FAILURE);
}

export function rollModel(random: Random): string {
  return MODELS[step(random.float(), MODEL_MIX)] as string;
}

export function rollFeedback(random: Random, success: boolean, tier: number): Feedback | null {
  if (!random.chance(FEEDBACK[tier] as number)) return null;
  return random.chance(success ? POSITIVE_ON_SUCCESS : POSITIVE_ON_FAILURE) ? 'thumbs_up' : 'thumbs_down';
}

/** Null where there is nothing to download. */
export function rollDownload(random: Random, success: boolean, tokens: number, tier: number): boolean | null {
  if (!success) return null;
  return random.chance((DOWNLOAD[tier] as number) + (tokens > LONG_PROMPT ? DOWNLOAD_LONG : 0));
}

function step(roll: number, cumulated: readonly number[]): number {
  let at = 0;
  while (at < cumulated.length && roll >= (cumulated[at] as number)) at++;
  return at;
}
