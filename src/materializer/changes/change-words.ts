import { summaryOf } from '../../maintenance/plan-summary.ts';
import type { Difference, Upkeep } from './change-plan.ts';
import { relationName } from './definition-differences.ts';
import type { BareChange } from './model-changes.ts';

/** What of a model changes and why, in a few words: `changed: SQL, columns`, `follows dim_users`. */
export function changeWords({ name, cause, renamed, differences, follows, kind, relation }: BareChange): string {
  switch (cause) {
    case 'new':
      return renamed === null ? 'new' : `renamed, was ${renamed}`;
    case 'changed':
      return `changed: ${[...new Set(differences.map(differenceWords))].join(', ')}`;
    case 'failed':
      return 'failed before, is tried again';
    case 'missing':
      return `its ${kind} is not there`;
    case 'follows':
      return `follows ${follows.join(', ')}`;
    default:
      return `${kind} ${relationName(relation)}, ${whereItIs(name, renamed)}`;
  }
}

function whereItIs(name: string, renamed: string | null): string {
  if (renamed === null) return 'which is gone';
  return renamed === name ? 'which is elsewhere now' : `which is ${renamed} now`;
}

function differenceWords(difference: Difference): string {
  switch (difference.part) {
    case 'sql':
      return 'SQL';
    case 'config':
      return difference.key;
    case 'relation':
      return 'name in the warehouse';
    case 'unknown':
      return 'built by an earlier release';
    default:
      return difference.part;
  }
}

/** How a model is kept, with the reason of what is not kept by keys in each batch. */
export function upkeepWords(upkeep: Upkeep): string {
  const reason = upkeep.reason === null ? '' : ` (${upkeep.reason})`;
  return `${summaryOf(upkeep)}${reason}`;
}

/**
 * What an open of the warehouse did, a sentence for each kind of thing that happened; empty when nothing did.
 *
 * @param left what became of the relations that models have left
 */
export function openedWords(changes: readonly BareChange[], left: 'kept' | 'dropped' = 'kept'): string[] {
  const tables = changes.filter(({ kind }) => kind === 'table');
  const built = tables.filter(({ cause }) => cause !== 'removed').map((one) => `${one.name} (${changeWords(one)})`);
  const views = changes
    .filter(({ kind, cause }) => kind === 'view' && cause === 'changed')
    .map((one) => `${one.name} (${changeWords(one)})`);
  const relations = changes
    .filter(({ cause }) => cause === 'removed')
    .map(({ name, kind, relation, renamed }) => {
      return `${kind} ${relationName(relation)} of ${name}, ${whereItIs(name, renamed)}`;
    });
  const kept = `left as it is, and no longer kept current: ${relations.join('; ')}; lens apply drops it`;
  return [
    ...(views.length === 0 ? [] : [`views made anew: ${views.join(', ')}`]),
    ...(built.length === 0 ? [] : [`built anew: ${built.join(', ')}`]),
    ...(relations.length === 0 ? [] : [left === 'kept' ? kept : `dropped: ${relations.join('; ')}`]),
  ];
}
