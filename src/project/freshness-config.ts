import { LensError } from '../core/errors.ts';
import type { Model, SourceTable } from './project-contract.ts';
import { isYamlRecord } from './yaml-file.ts';

const SECONDS: Readonly<Record<string, number>> = { minute: 60, hour: 3600, day: 86_400 };

/** An age from which on something is said of it. */
export interface FreshnessLimit {
  readonly count: number;
  readonly period: string;
}

/** What a source table or a model says of its freshness: dbt's words. */
export interface FreshnessConfig {
  readonly warnAfter: FreshnessLimit | null;
  readonly errorAfter: FreshnessLimit | null;
  /** SQL of the rows that count. */
  readonly filter: string | null;
  /** SQL of the time of a row, or a SELECT of the newest time; else the topic's records tell. */
  readonly loadedAtField: string | null;
  readonly loadedAtQuery: string | null;
}

/** Null when nothing is to be checked. PROJECT_INVALID for limits that cannot be read. */
export function freshnessConfig({ config, name, ...about }: SourceTable | Model): FreshnessConfig | null {
  const said = config['freshness'];
  if (!isYamlRecord(said)) return null;
  const place = 'place' in about ? about.place : (about.describedAt ?? about.path);
  const limit = (key: string): FreshnessLimit | null => {
    const value = said[key];
    if (!isYamlRecord(value) || value['count'] === undefined || value['count'] === null) return null;
    const { count, period } = value;
    if (typeof count === 'number' && typeof period === 'string' && SECONDS[period] !== undefined)
      return { count, period };
    throw new LensError('PROJECT_INVALID', `${key} of ${name} must have a count and a period`, {
      place,
      hint: `as ${key}: {count: 12, period: hour}; the period is minute, hour or day`,
    });
  };
  const text = (value: unknown): string | null => (typeof value === 'string' && value.trim() !== '' ? value : null);
  const [warnAfter, errorAfter] = [limit('warn_after'), limit('error_after')];
  if (warnAfter === null && errorAfter === null) return null;
  return {
    warnAfter,
    errorAfter,
    filter: text(said['filter']),
    loadedAtField: text(config['loaded_at_field']),
    loadedAtQuery: text(config['loaded_at_query']),
  };
}

/** dbt's rule: an age above the limit exceeds it. */
export function freshnessStatus(
  { warnAfter, errorAfter }: FreshnessConfig,
  seconds: number,
): 'pass' | 'warn' | 'error' {
  const exceeds = (limit: FreshnessLimit | null): boolean =>
    limit !== null && seconds > limit.count * (SECONDS[limit.period] as number);
  if (exceeds(errorAfter)) return 'error';
  return exceeds(warnAfter) ? 'warn' : 'pass';
}
