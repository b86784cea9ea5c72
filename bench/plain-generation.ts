/** What is alike in all generations that are published while something is measured. */
export const PLAIN = {
  status: 'success',
  cost_credits: 0.5,
  retry_count: 0,
  feedback: null,
  downloaded: null,
  model_version: 'v2.1',
  token_count: 5,
} as const;
