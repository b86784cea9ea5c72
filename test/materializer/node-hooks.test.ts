import { expect, it } from 'vitest';
import { projectFolder } from '../project/project-folder.ts';
import { Workshop } from './workshop.ts';

const note = (what: string): string => `insert into audit.steps select '${what}', (select count(*) from audit.steps)`;
const hooked = (name: string): string =>
  `{{ config(materialized='table', pre_hook="${note(`pre ${name}`)}", post_hook=["${note(`post ${name}`)}"]) }} select 1 as id`;

// a hook asks the warehouse as it is, of what another hook has made; one for a model asks the project
const isThere = "{{ adapter.get_relation(none, 'audit', 'steps') is not none }}";

it('of a model run before and after it in one transaction, those of others that were made as a whole stay due', async () => {
  const dir = projectFolder({
    'dbt_project.yml': `name: lab
on-run-start: ["create schema if not exists audit", "create table if not exists audit.steps (what varchar, step bigint)"]
`,
    'topics/manifest.json': '{}',
    'models/one.sql': hooked('one'),
    'models/two.sql': hooked(`two ${isThere}`),
  });
  await using workshop = await Workshop.of(dir);
  await using materializer = await workshop.open();
  const facts = { which: 'run', flags: {}, id: 'x', startedAt: new Date(0).toISOString() };
  const started = await materializer.hooks({ kind: 'on-run-start', run: facts, selected: [] });
  expect(started.map(({ status }) => status)).toEqual(['success', 'success']);
  const { results } = await materializer.run({ models: ['one'], facts });
  expect(results.map(({ name, message }) => [name, message])).toEqual([['one', 'OK']]);
  expect((await materializer.query('select what, step from audit.steps order by step')).rows).toEqual([
    ['pre one', 0],
    ['post one', 1],
    ['pre two True', 2],
    ['post two True', 3],
  ]);
  expect((await materializer.query('select count(*) from lens.hooks_due')).rows).toEqual([[0]]);
});
