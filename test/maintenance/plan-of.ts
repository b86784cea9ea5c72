import type { MaintenancePlan } from '../../src/maintenance/maintenance-plan.ts';
import { planModels } from '../../src/maintenance/plan-models.ts';
import type { RawRelation } from '../../src/maintenance/planner.ts';
import type { Project } from '../../src/project/project-contract.ts';
import { type Files, projectOf } from '../project/project-folder.ts';

/** Facts and dimensions of no domain in particular. */
export const RAW: readonly RawRelation[] = [
  raw('facts', ['id'], {
    id: 'BIGINT',
    dim: 'BIGINT',
    day: 'DATE',
    at: 'TIMESTAMP',
    x: 'DOUBLE',
    n: 'INTEGER',
    tags: 'VARCHAR[]',
  }),
  raw('dims', ['k'], { k: 'BIGINT', label: 'VARCHAR', user: 'VARCHAR' }),
  raw('grown', null, { id: 'BIGINT', x: 'DOUBLE' }),
];

function raw(name: string, key: readonly string[] | null, columns: Readonly<Record<string, string>>): RawRelation {
  const list = Object.entries(columns).map(([column, type]) => ({ name: column, type }));
  return { name, schema: 'main', identifier: name, columns: list, key };
}

const BASE: Files = {
  'dbt_project.yml': 'name: p\nmodels: {+materialized: table}\n',
  'models/sources.yml': 'sources: [{name: main, tables: [{name: facts}, {name: dims}, {name: grown}]}]\n',
};

/** Tables are read as `@facts`, models as `#model`. */
export function projectWith(models: Readonly<Record<string, string>>, files: Files = {}): Project {
  const named = (sql: string): string =>
    sql.replaceAll(/@(\w+)/g, "{{ source('main', '$1') }}").replaceAll(/#(\w+)/g, "{{ ref('$1') }}");
  const sql = Object.fromEntries(Object.entries(models).map(([name, text]) => [`models/${name}.sql`, named(text)]));
  return projectOf({ ...BASE, ...sql, ...files });
}

/** The plan of one model `m`. */
export async function planOf(sql: string, models: Readonly<Record<string, string>> = {}): Promise<MaintenancePlan> {
  const plans = await planModels(projectWith({ ...models, m: sql }), RAW);
  const plan = plans.find(({ model }) => model === 'm');
  if (plan === undefined) throw new Error('there is no model m');
  return plan;
}
