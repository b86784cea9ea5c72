import { expect, test } from 'vitest';
import { Planner } from '../../src/maintenance/planner.ts';
import { projectWith, RAW } from './plan-of.ts';

test('the lineage of some columns does not need those of the unique_key', async () => {
  const project = projectWith({ m: "{{ config(unique_key='id') }}select id, dim, n from @facts" });
  await using planner = await Planner.over(project, RAW);
  const plan = await planner.lineage('m', ['n']);
  expect(plan.reads).toEqual([expect.objectContaining({ name: 'facts', columns: ['n'] })]);
});
