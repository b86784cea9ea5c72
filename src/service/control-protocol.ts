import { ERROR_CODES, LensError, messageOf, type ErrorCode } from '../core/errors.ts';

/**
 * The wire between control-client.ts and control-server.ts: `POST /` with `authorization: Bearer TOKEN` and a
 * {@link ControlRequest} as JSON; 200 with `{"result": ...}`, otherwise `{"error": {@link ControlError}}`. A query's rows
 * come as lines instead (query-lines.ts), and so does the progress of `verify`, `test`, `run` and `rollback` (progress-lines.ts).
 */
export interface ControlRequest {
  readonly method: ControlMethod;
  /** The arguments of the method of WarehouseOperations, in order; undefined ones as null at the end are left out. */
  readonly params: readonly unknown[];
}

export const CONTROL_METHODS = [
  'ping',
  'status',
  'lag',
  'query',
  'verify',
  'test',
  'hooks',
  'operation',
  'why',
  'plan',
  'apply',
  'compact',
  'run',
  'rollback',
  'replay',
  'editions',
  'dropEdition',
  'redrive',
  'purge',
  'seed',
] as const;
export type ControlMethod = (typeof CONTROL_METHODS)[number];

export interface ControlError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly place?: string | undefined;
  readonly hint?: string | undefined;
  readonly fields?: Record<string, unknown> | undefined;
}

export function toControlError(error: unknown): ControlError {
  if (!(error instanceof LensError)) return { code: 'INTERNAL', message: messageOf(error) };
  return { code: error.code, message: error.message, place: error.place, hint: error.hint, fields: error.fields };
}

/** The error as it was thrown on the other side. */
export function fromControlError(error: ControlError): LensError {
  const code = ERROR_CODES.includes(error.code) ? error.code : 'INTERNAL';
  return new LensError(code, error.message, { place: error.place, hint: error.hint, fields: error.fields });
}

/** What an answer in one piece holds; throws the error in it. */
export function resultOf(answer: string): unknown {
  const { result, error } = JSON.parse(answer) as { result?: unknown; error?: ControlError };
  if (error !== undefined) throw fromControlError(error);
  return result;
}
