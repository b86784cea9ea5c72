/**
 * The one error class of the project. Every failure a user can meet has a code from this closed list, says where it
 * happened, and carries a hint that says what to do next. Only `src/cli` prints errors and turns them into exit codes.
 */
export const ERROR_CODES = [
  // configuration and usage: exit code 2
  'USAGE',
  'CONFIG_INVALID',
  'PROJECT_NOT_FOUND',
  'PROJECT_INVALID',
  'MODEL_UNKNOWN_REF',
  'MODEL_CYCLE',
  'MODEL_RENDER_FAILED',
  'MODEL_NOT_SUPPORTED',
  'MODEL_SQL_INVALID',
  'MODEL_NOT_INCREMENTAL',
  'MODEL_CONTRACT_BROKEN',
  'MODEL_NONDETERMINISTIC',
  'TOPIC_CONTRACT_INVALID',
  'TOPIC_UNKNOWN',
  'SCHEMA_UNREADABLE',
  'REGISTRY_FAILED',
  // the log
  'LOG_UNREACHABLE',
  'LOG_ACCESS_DENIED',
  'LOG_TOPIC_MISSING',
  'LOG_TOPIC_MISMATCH',
  'LOG_TOPIC_RECREATED',
  'LOG_OFFSET_OUT_OF_RANGE',
  'LOG_CORRUPT',
  'LOG_APPEND_FAILED',
  'LOG_HISTORY_GONE',
  // the warehouse
  'WAREHOUSE_MISSING',
  'WAREHOUSE_LOCKED',
  'WAREHOUSE_BUSY',
  'WAREHOUSE_UNREADABLE',
  'WAREHOUSE_NEWER',
  'EDITION_UNKNOWN',
  'DISK_FULL',
  'TESTS_FAILED',
  'PLAN_CHANGED',
  'QUERY_REFUSED',
  'QUERY_FAILED',
  'ROW_NOT_FOUND',
  'DEAD_LETTER_NOT_FOUND',
  'MODEL_KEY_NOT_UNIQUE',
  'MODEL_CONSTRAINT_BROKEN',
  'MODEL_FAILED',
  'GATE_REFUSED',
  'HOOK_REFUSED',
  // ingest
  'INPUT_UNREADABLE',
  'INPUT_INVALID',
  'SERVICE_UNREACHABLE',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

const USAGE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'USAGE',
  'CONFIG_INVALID',
  'PROJECT_NOT_FOUND',
  'PROJECT_INVALID',
  'MODEL_UNKNOWN_REF',
  'MODEL_CYCLE',
  'MODEL_RENDER_FAILED',
  'MODEL_NOT_SUPPORTED',
  'MODEL_SQL_INVALID',
  'MODEL_NOT_INCREMENTAL',
  'MODEL_CONTRACT_BROKEN',
  'MODEL_NONDETERMINISTIC',
  'TOPIC_CONTRACT_INVALID',
  'TOPIC_UNKNOWN',
  'SCHEMA_UNREADABLE',
  'WAREHOUSE_MISSING',
  'INTERNAL',
]);

export interface ErrorDetails {
  /** Where: a file with line, `topic/partition@offset`, a model's name, a command. */
  place?: string | undefined;
  /** What the user can do next, one sentence. */
  hint?: string | undefined;
  cause?: unknown;
  /** Structured facts for `--log-format json`. */
  fields?: Record<string, unknown> | undefined;
}

export class LensError extends Error {
  readonly code: ErrorCode;
  readonly place: string | undefined;
  readonly hint: string | undefined;
  readonly fields: Record<string, unknown>;

  /**
   * @param code one of {@link ERROR_CODES}
   * @param message one sentence: what failed and why
   */
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LensError';
    this.code = code;
    this.place = details.place;
    this.hint = details.hint;
    this.fields = details.fields ?? {};
  }
}

/** 2 for usage, configuration or a crash of our own; 1 for work that failed (design, "Commands and places"). */
export function exitCodeOf(error: unknown): 1 | 2 {
  if (!(error instanceof LensError)) return 2;
  return USAGE_CODES.has(error.code) ? 2 : 1;
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Ends a switch over a union: a compile error when a case is missing, an internal error if reached. */
export function unreachable(value: never): never {
  throw new LensError('INTERNAL', `unexpected value ${JSON.stringify(value)}`);
}

/** What the system says of a file, without its code and the path, which are told beside it: `no such file or directory`. */
export function fileProblem(error: unknown): string {
  return messageOf(error).replace(/^E[A-Z]+: ([^,]+), \w+(?: '.*')?$/s, '$1');
}
