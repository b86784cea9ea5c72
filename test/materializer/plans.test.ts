import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import { plansFor, SHIPPED, SHOP } from './workshop.ts';

describe('maintenance plans', () => {
  it.each([SHIPPED, SHOP])('are by keys, or carry a reason (%s)', async (dir) => {
    const plans = await plansFor(loadProject(dir));
    expect(plans.length).toBeGreaterThan(3);
    for (const plan of plans) {
      const incremental = plan.strategy === 'view' || (plan.strategy === 'recompute keys' && plan.upkeep === 'batch');
      expect(incremental || (plan.reason ?? '').length > 10, `${plan.model}: ${plan.strategy}, ${plan.reason}`).toBe(
        true,
      );
      if (plan.strategy === 'recompute keys') expect(plan.key.length).toBeGreaterThan(0);
    }
  });

  it('of the shipped project are as documented', async () => {
    const plans = await plansFor(loadProject(SHIPPED));
    expect(
      Object.fromEntries(plans.map((plan) => [plan.model, `${plan.strategy} / ${plan.upkeep} / ${plan.key.join()}`])),
    ).toEqual({
      stg_prompts: 'view / view / ',
      stg_users: 'view / view / ',
      stg_generations: 'view / view / ',
      dim_prompts: 'recompute keys / batch / prompt_id',
      dim_users: 'recompute keys / batch / user_id',
      fct_generations: 'recompute keys / batch / generation_id',
      fct_sessions: 'recompute keys / compaction / session_id,user_id',
      daily_metrics: 'recompute keys / compaction / session_date',
      user_friction_summary: 'recompute keys / compaction / user_tier',
      ftr_llm_analysis: 'view / view / ',
      ftr_text_embeddings: 'view / view / ',
    });
  });
});
