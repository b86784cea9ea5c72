import { LensError } from '../core/errors.ts';
import type { Model } from '../project/project-contract.ts';

/** What a model's `config.meta` declares about its upkeep. */
export interface Declaration {
  readonly rowWise: boolean;
  readonly upkeep: 'batch' | 'compaction';
  readonly key: readonly string[];
  readonly touchedBy: ReadonlyMap<string, DeclaredTouch>;
}

export type DeclaredTouch =
  | { readonly key: readonly string[]; readonly columns: readonly string[] | null }
  | {
      readonly join: readonly string[];
      readonly through: string;
      readonly on: readonly string[];
      readonly columns: readonly string[] | null;
    };

/**
 * Reads `meta: {row_wise, upkeep, key, touched_by}` of a model; the key falls back to `unique_key`. PROJECT_INVALID
 * names the model's file and the part that has the wrong form.
 */
export function readDeclaration(model: Model): Declaration {
  const meta = model.meta;
  const upkeep = meta['upkeep'] ?? 'batch';
  if (upkeep !== 'batch' && upkeep !== 'compaction') {
    throw invalid(model, `upkeep must be batch or compaction, not ${JSON.stringify(upkeep)}`);
  }
  const touchedBy = new Map<string, DeclaredTouch>();
  const declared = meta['touched_by'] ?? {};
  if (!isRecord(declared)) throw invalid(model, 'touched_by must map inputs to rules');
  const key = names(model, 'key', meta['key'] ?? model.config['unique_key'] ?? []);
  for (const [input, rule] of Object.entries(declared)) touchedBy.set(input, readRule(model, input, rule, key.length));
  return { rowWise: meta['row_wise'] === true, upkeep, key, touchedBy };
}

function readRule(model: Model, input: string, rule: unknown, keyLength: number): DeclaredTouch {
  const place = `touched_by.${input}`;
  if (!isRecord(rule)) throw invalid(model, `${place} must be {key: [..]} or {join: [..], through: NAME}`);
  const columns = rule['columns'] === undefined ? null : names(model, `${place}.columns`, rule['columns']);
  if (rule['key'] !== undefined) {
    const key = names(model, `${place}.key`, rule['key']);
    if (key.length !== keyLength)
      throw invalid(model, `${place}.key must have ${keyLength} columns, as the model's key`);
    return { key, columns };
  }
  const join = names(model, `${place}.join`, rule['join']);
  const on = names(model, `${place}.on`, rule['on'] ?? rule['join']);
  if (join.length !== on.length || join.length === 0) throw invalid(model, `${place}: join and on must pair up`);
  if (typeof rule['through'] !== 'string') throw invalid(model, `${place}.through must name another input`);
  return { join, on, through: rule['through'], columns };
}

function names(model: Model, place: string, value: unknown): string[] {
  const list = typeof value === 'string' ? [value] : value;
  if (!Array.isArray(list) || list.some((item) => typeof item !== 'string')) {
    throw invalid(model, `${place} must be a list of column names`);
  }
  return list as string[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(model: Model, problem: string): LensError {
  return new LensError('PROJECT_INVALID', `meta of model ${model.name}: ${problem}`, {
    place: model.path,
    hint: 'docs/upkeep.md lists the form of meta',
  });
}
