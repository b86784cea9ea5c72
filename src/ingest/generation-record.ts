import type { Feedback, Status } from './telemetry.ts';

/** One value of the `generations` topic (design, "Topics"); a type, so that it is a plain record to the encoder. */
export type GenerationRecord = {
  generation_id: number;
  prompt_id: number;
  user_id: number;
  session_id: number;
  /** Microseconds since 1970. */
  timestamp: number;
  /** Days since 1970, UTC, of the timestamp. */
  session_date: number;
  latency_ms: number;
  status: Status;
  /** Ten-thousandths of a credit over 10,000. */
  cost_credits: number;
  retry_count: number;
  feedback: Feedback | null;
  downloaded: boolean | null;
  model_version: string;
  token_count: number;
};
