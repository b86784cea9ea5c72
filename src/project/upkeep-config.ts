import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { largeAsText } from '../core/numbers.ts';
import type { Model } from './project-contract.ts';

/** What a model declares of how it is kept, in its configuration or under `meta:` (which dbt lets pass without a warning). */
export interface UpkeepConfig {
  /** Who brings it up to date. */
  readonly upkeep: 'batch' | 'compaction';
  /** `required`: not being kept by keys is an error at start. */
  readonly incremental: 'required' | 'optional';
  /** `allow`: functions as now() may stand in its SQL, and have it rebuilt at each compaction. */
  readonly nondeterministic: 'allow' | 'refuse';
  /** `unique_key`: columns, or one SQL expression. Empty when there is none. */
  readonly uniqueKey: readonly string[];
}

/** The values that each may have, the default first. */
const VALUES = {
  upkeep: ['batch', 'compaction'],
  incremental: ['optional', 'required'],
  nondeterministic: ['refuse', 'allow'],
} as const;

/** PROJECT_INVALID for a value that is not one of those allowed. */
export function upkeepConfig(model: Model): UpkeepConfig {
  return {
    upkeep: oneOf(model, 'upkeep'),
    incremental: oneOf(model, 'incremental'),
    nondeterministic: oneOf(model, 'nondeterministic'),
    uniqueKey: uniqueKey(model),
  };
}

function oneOf<Key extends keyof typeof VALUES>(
  model: Pick<Model, 'name' | 'path' | 'config' | 'meta'>,
  key: Key,
): (typeof VALUES)[Key][number] {
  const value = model.config[key] ?? model.meta[key];
  const allowed: readonly unknown[] = VALUES[key];
  if (value === undefined || value === null) return VALUES[key][0];
  if (allowed.includes(value)) return value as (typeof VALUES)[Key][number];
  const near = typeof value === 'string' ? closestName(value, VALUES[key]) : undefined;
  throw new LensError(
    'PROJECT_INVALID',
    `model ${model.name} has ${key}: ${JSON.stringify(value, largeAsText)}, which is none of ${VALUES[key].join(', ')}`,
    { place: model.path, hint: near === undefined ? `use ${VALUES[key].join(' or ')}` : `did you mean ${near}?` },
  );
}

function uniqueKey({ name, path, config }: Model): readonly string[] {
  // as in dbt an empty one is none
  const key = config['unique_key'] === '' ? [] : (config['unique_key'] ?? []);
  const list: readonly unknown[] = typeof key === 'string' ? [key] : Array.isArray(key) ? key : [null];
  if (list.every((one): one is string => typeof one === 'string' && one.trim() !== '')) return list;
  throw new LensError(
    'PROJECT_INVALID',
    `model ${name} has unique_key: ${JSON.stringify(key, largeAsText)}, which is neither a column nor a list of columns`,
    { place: path, hint: "write unique_key: order_id, or unique_key: ['order_id', 'line']" },
  );
}
