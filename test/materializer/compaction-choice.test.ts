import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { planModels } from '../../src/maintenance/plan-models.ts';
import { rebuild } from '../../src/maintenance/rebuild.ts';
import { compact } from '../../src/materializer/compaction.ts';
import { addPending, createPending } from '../../src/materializer/models/pending-keys.ts';
import { projectOf } from '../project/project-folder.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

it('rebuilds a large model of which most keys were touched, and says so; one of which few were is redone by keys', async () => {
  const project = projectOf({
    'models/sources.yml': 'sources:\n  - name: raw\n    schema: main\n    tables: [{name: facts}]\n',
    'models/by_group.sql': `{{ config(materialized='table', meta={'upkeep': 'compaction'}) }}
      select grp, count(*) as n from {{ source('raw', 'facts') }} group by grp`,
  });
  const columns = [
    { name: 'id', type: 'BIGINT' },
    { name: 'grp', type: 'BIGINT' },
  ];
  const [plan] = await planModels(project, [
    { name: 'facts', schema: 'main', identifier: 'facts', columns, key: ['id'] },
  ]);
  if (plan === undefined) throw new Error('no plan');
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-choice-'));
  try {
    await using warehouse = await Warehouse.open(path.join(dir, 'w.duckdb'));
    using connection = await warehouse.connect();
    await connection.run('create table facts as select range as id, range % 10 as grp from range(120000)');
    await rebuild(connection, plan);
    await createPending(connection, plan);
    const strategyOf = async (keys: string): Promise<string | undefined> => {
      await connection.run(`insert into facts select 120000 + max(id), k from facts, (${keys}) t(k) group by k`);
      await addPending(connection, plan, [`select k as grp from (${keys}) t(k)`]);
      const [done] = await compact(connection, [plan], new Set());
      const wrong = await connection.number(
        `select count(*) from ((from by_group except all ${plan.fullSql}) union all (${plan.fullSql} except all from by_group))`,
      );
      expect(wrong).toBe(0);
      return done?.strategy;
    };
    expect(await strategyOf('select 3')).toBe('recompute keys');
    expect(await strategyOf('select range from range(6)')).toBe('rebuild: 6 of 10 keys were touched');
    expect(await strategyOf('select 4')).toBe('recompute keys');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
