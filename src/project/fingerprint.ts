import { createHash } from 'node:crypto';
import { compile, qualified } from './compile.ts';
import { Float, largeAsText } from '../core/numbers.ts';
import type { Model, Project } from './project-contract.ts';
import { withoutLayout } from './sql-layout.ts';
import { upkeepConfig } from './upkeep-config.ts';

/**
 * Configuration that changes nothing of what is stored; of `meta` only how a model is kept counts. What a SELECT takes from
 * its configuration (`config.get()`) counts through its SQL.
 */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  `access batch_size begin concurrent_batches contract deprecation_date description docs enabled event_time full_refresh grants group
   incremental incremental_strategy latest_version lookback meta nondeterministic on_configuration_change on_schema_change
   persist_docs tags`.split(/\s+/),
);

/**
 * What a model's stored rows follow from: SHA-256 (hex) of its compiled SQL and its configuration. So a change of a
 * macro or variable it uses, or of an ephemeral model it reads, changes it; one of its description, tests, comments or layout
 * does not.
 */
export function fingerprint(project: Project, model: Model): string {
  const parts = [
    model.materialized,
    model.schema,
    model.alias,
    withoutLayout(compile(project, model, qualified)),
    configWithEffect(model),
  ];
  return createHash('sha256').update(JSON.stringify(parts, largeAsText)).digest('hex');
}

/** A model's configuration as far as what is stored may follow from it. */
export function configWithEffect(model: Model): Readonly<Record<string, unknown>> {
  const kept = { ...model.config, upkeep: upkeepConfig(model).upkeep };
  const config = Object.entries(kept).filter(([key]) => !WITHOUT_EFFECT.has(key));
  return sorted(Object.fromEntries(config)) as Record<string, unknown>;
}

/** The same value with the keys of all maps in order, so that moving a line in a yml file changes nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Float) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
