import { type FreshnessLimit, freshnessConfig } from '../../project/freshness-config.ts';
import type { Model, SourceTable } from '../../project/project-contract.ts';
import { counted } from '../numbers.ts';

/** Names and values of what is to be known of a resource. */
export type Facts = readonly (readonly [string, string])[];

/** When it is stale; none where nothing is said. */
export function freshnessFacts(of: SourceTable | Model): Facts {
  const said = freshnessConfig(of);
  if (said === null) return [];
  const limit = (word: string, one: FreshnessLimit | null): string[] =>
    one === null ? [] : [`${word} after ${counted(one.count, one.period)}`];
  return [['freshness', [...limit('warn', said.warnAfter), ...limit('error', said.errorAfter)].join(', ')]];
}

/** The entries of `meta`. */
export function metaFacts(meta: Readonly<Record<string, unknown>>): Facts {
  return Object.entries(meta).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]);
}
