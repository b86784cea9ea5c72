import { describe, expect, it } from 'vitest';
import { planModels } from '../../src/maintenance/declared-plan.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { SHIPPED, SHOP } from './workshop.ts';

describe('maintenance plans', () => {
  it.each([SHIPPED, SHOP])('are by keys, or carry a reason (%s)', (dir) => {
    const plans = planModels(loadProject(dir));
    expect(plans.length).toBeGreaterThan(3);
    for (const plan of plans) {
      const incremental =
        plan.strategy === 'row-wise view' || (plan.strategy === 'recompute keys' && plan.upkeep === 'batch');
      expect(incremental || (plan.reason ?? '').length > 10, `${plan.model}: ${plan.strategy}, ${plan.reason}`).toBe(
        true,
      );
      if (plan.strategy === 'recompute keys') expect(plan.key.length).toBeGreaterThan(0);
    }
  });

  it('of the shipped project are as documented', () => {
    const plans = planModels(loadProject(SHIPPED));
    expect(Object.fromEntries(plans.map((plan) => [plan.model, `${plan.strategy} / ${plan.upkeep}`]))).toEqual({
      stg_prompts: 'row-wise view / view',
      stg_users: 'row-wise view / view',
      stg_generations: 'row-wise view / view',
      dim_prompts: 'recompute keys / batch',
      dim_users: 'recompute keys / batch',
      fct_generations: 'recompute keys / batch',
      fct_sessions: 'recompute keys / compaction',
      daily_metrics: 'recompute keys / compaction',
      user_friction_summary: 'recompute keys / compaction',
      ftr_llm_analysis: 'view / view',
      ftr_text_embeddings: 'view / view',
    });
  });

  it('give a model the one SELECT that is written, twice rendered and nowhere rewritten', () => {
    for (const plan of planModels(loadProject(SHIPPED))) {
      const bare = (sql: string): string => sql.replaceAll(/"main"\."(\w+)"/g, '$1').replaceAll('"', '');
      expect(bare(plan.fullSql)).toBe(bare(plan.bareSql));
    }
  });
});
