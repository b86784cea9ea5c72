import { createHash } from 'node:crypto';
import { compile, qualified } from './compile.ts';
import { Float, largeAsText } from './jinja/numbers.ts';
import type { Model, Project } from './project-contract.ts';
import { upkeepConfig } from './upkeep-config.ts';

/** Configuration that changes nothing of what is stored; of `meta` only how a model is kept counts. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  'description docs enabled group incremental meta nondeterministic tags'.split(' '),
);

/**
 * What a model's stored rows follow from: SHA-256 (hex) of its compiled SQL and its configuration. So a change of a
 * macro or variable it uses, or of an ephemeral model it reads, changes it; one of its description or tests does not.
 */
export function fingerprint(project: Project, model: Model): string {
  const kept = { ...model.config, upkeep: upkeepConfig(model).upkeep };
  const config = Object.entries(kept).filter(([key]) => !WITHOUT_EFFECT.has(key));
  const parts = [
    model.materialized,
    model.schema,
    model.alias,
    compile(project, model, qualified),
    sorted(Object.fromEntries(config)),
  ];
  return createHash('sha256').update(JSON.stringify(parts, largeAsText)).digest('hex');
}

/** The same value with the keys of all maps in order, so that moving a line in a yml file changes nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Float) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}
