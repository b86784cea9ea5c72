import type { MaintenancePlan } from './maintenance-plan.ts';

/** How a model is kept, in a few words: `redone by order_id, in each batch`. */
export function summaryOf({ strategy, upkeep, key }: Pick<MaintenancePlan, 'strategy' | 'upkeep' | 'key'>): string {
  const when = { view: 'nothing stored', batch: 'in each batch', compaction: 'by compaction' }[upkeep];
  if (strategy === 'view') return `view, ${when}`;
  return strategy === 'recompute keys' ? `redone by ${key.join(', ')}, ${when}` : `rebuilt ${when}`;
}
