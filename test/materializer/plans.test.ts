import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import { fixture, plansFor, SHIPPED, SHOP } from './workshop.ts';

describe('maintenance plans', () => {
  it.each([SHIPPED, SHOP, ...['billing', 'logistics', 'attribution'].map(fixture)])(
    'are by keys, or carry a reason (%s)',
    async (dir) => {
      const plans = await plansFor(loadProject(dir));
      expect(plans.length).toBeGreaterThan(3);
      for (const plan of plans) {
        const incremental = plan.strategy === 'view' || (plan.strategy === 'recompute keys' && plan.upkeep === 'batch');
        expect(incremental || (plan.reason ?? '') !== '', `${plan.model}: ${plan.strategy}, ${plan.reason}`).toBe(true);
        if (plan.strategy === 'recompute keys') expect(plan.key.length).toBeGreaterThan(0);
      }
    },
  );

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

  it.each([
    [
      'billing',
      {
        rpt_billing_health: 'an aggregate over all rows',
        rpt_sales_rep_scorecard: 'declared upkeep: compaction',
        rpt_top_customers: 'limit',
      },
    ],
    [
      'logistics',
      {
        carrier_sla_daily: 'declared upkeep: compaction',
        lane_performance: 'declared upkeep: compaction',
        location_throughput: 'declared upkeep: compaction',
        network_totals: 'an aggregate over all rows; a join without an equality',
      },
    ],
    [
      'attribution',
      {
        fct_sessions: 'no lookup leads from a window partition to the key',
        fct_touches: 'reads fct_sessions, which is kept by compaction',
        attribution_by_channel: 'reads fct_touches, which is kept by compaction',
        campaign_performance: 'reads fct_sessions, which is kept by compaction',
        unattributed_conversions: 'reads fct_touches, which is kept by compaction',
        funnel: 'the key is not among the grouped columns',
        site_totals: 'an aggregate over all rows',
        top_pages: 'limit',
        user_journeys: 'declared upkeep: compaction',
        weekly_retention: 'no lookup leads from a window partition to the key',
      },
    ],
  ])('of %s leave to compaction what they must, the rest is folded', async (name, reasons) => {
    const plans = await plansFor(loadProject(fixture(name)));
    const compacted = plans.filter((plan) => plan.upkeep === 'compaction');
    expect(Object.fromEntries(compacted.map((plan) => [plan.model, plan.reason]))).toEqual(reasons);
  });
});
