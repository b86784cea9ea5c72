import { describe, expect, it } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import { planGates, planModels, planRefusals } from '../../src/maintenance/plan-models.ts';
import { refusals, requireNoneRefused } from '../../src/maintenance/refused-models.ts';
import type { Project } from '../../src/project/project-contract.ts';
import type { Files } from '../project/project-folder.ts';
import { projectWith, RAW } from './plan-of.ts';

const PROJECT = (models: string): Files => ({
  'dbt_project.yml': `name: p\nmodels: {+materialized: table, ${models}}\n`,
});

async function refusal(project: Project): Promise<LensError | null> {
  const refused = await planRefusals(project, RAW);
  try {
    requireNoneRefused(project, refused);
    return null;
  } catch (error) {
    if (error instanceof LensError) return error;
    throw error;
  }
}

const view = (sql: string): string => `{{ config(materialized='view') }}${sql}`;

describe('incremental: required', () => {
  const models = {
    kept: 'select id, n from @facts',
    latest: 'select id from @facts order by id limit 3',
    below: 'select f.id, d.label from @facts f join @dims d on d.k < f.dim',
    shown: view('select id from @facts limit 3'),
  };

  it('names every model that is rebuilt or reads an input whole, with file, reason and hint', async () => {
    const project = projectWith(models, PROJECT('+incremental: required'));
    const error = await refusal(project);
    expect(error).toMatchObject({ code: 'MODEL_NOT_INCREMENTAL', place: 'models/below.sql' });
    expect(error?.message.split('\n')).toEqual([
      '2 models cannot be kept:',
      '  below (models/below.sql): MODEL_NOT_INCREMENTAL',
      '    it is required to be incremental, and is not: rebuilt when dims changes: a join without an equality',
      '    hint: join by an equality as well, of a key or a date, or say `incremental: optional` where a rebuild is meant; lens explain below has the whole plan',
      '  latest (models/latest.sql): MODEL_NOT_INCREMENTAL',
      '    it is required to be incremental, and is not: limit',
      '    hint: leave the limit to a view over the model, or say `incremental: optional` where a rebuild is meant; lens explain latest has the whole plan',
    ]);
    expect(error?.fields['models']).toMatchObject([{ model: 'below' }, { model: 'latest', reasons: ['limit'] }]);
    const plans = await planModels(project, RAW);
    expect(plans.filter((plan) => refusals(project, plan, new Map()).length > 0).map((plan) => plan.model)).toEqual([
      'below',
      'latest',
    ]);
  });

  it.each<[string, Files]>([
    ['meta of dbt_project.yml', PROJECT('+meta: {incremental: required}')],
    ['a level below', PROJECT('p: {+incremental: required}')],
    ['the yml file', { 'models/m.yml': 'models: [{name: latest, config: {incremental: required}}]\n' }],
    ['meta of the yml file', { 'models/m.yml': 'models: [{name: latest, meta: {incremental: required}}]\n' }],
    [
      'config() in the model',
      {
        'models/latest.sql': "{{ config(incremental='required') }}select id from {{ source('main', 'facts') }} limit 1",
      },
    ],
  ])('may be declared in %s', async (_, files) => {
    expect((await refusal(projectWith({ ...models, below: 'select id from @facts' }, files)))?.message).toMatch(
      /^model latest: it is required to be incremental, and is not: limit$/,
    );
  });

  it('is satisfied by keys kept for compaction, views and what is optional again', async () => {
    const project = projectWith(
      {
        ...models,
        below: "{{ config(incremental='optional') }}" + models.below,
        latest: "{{ config(upkeep='compaction') }}select id, n from @facts",
      },
      PROJECT('+incremental: required'),
    );
    expect(await refusal(project)).toBeNull();
    const plans = await planModels(project, RAW);
    expect(plans.find((plan) => plan.model === 'latest')).toMatchObject({
      upkeep: 'compaction',
      strategy: 'recompute keys',
    });
  });

  it.each([
    ['incremental: requird', 'required', /has incremental: "requird", which is none of optional, required/],
    ['incremental: true', 'use optional or required', /has incremental: true/],
    ['nondeterministic: yes', 'use refuse or allow', /has nondeterministic: true, which is none of refuse, allow/],
    ['meta: {upkeep: compact}', 'use batch or compaction', /has upkeep: "compact", which is none of batch, compaction/],
    ['unique_key: 3', 'unique_key: order_id', /has unique_key: 3, which is neither/],
    ['unique_key: idd', 'did you mean id?', /has no column idd, which its unique_key names/],
  ])('and its neighbours have a few values only: %s', async (config, hint, message) => {
    const project = projectWith(
      { kept: models.kept },
      { 'models/m.yml': `models: [{name: kept, config: {${config}}}]\n` },
    );
    await expect(planModels(project, RAW)).rejects.toMatchObject({
      code: 'PROJECT_INVALID',
      place: 'models/kept.sql',
      message: expect.stringMatching(message) as string,
      hint: expect.stringContaining(hint) as string,
    });
  });

  it.each(['unique_key: ""', 'unique_key: []'])('an empty one is none: %s', async (config) => {
    const project = projectWith(
      { kept: models.kept },
      { 'models/m.yml': `models: [{name: kept, config: {${config}}}]\n` },
    );
    expect((await planModels(project, RAW)).map(({ model }) => model)).toEqual(['kept']);
  });
});

it.each(["select * from read_csv('data/x.csv')", "select * from 'data/x.csv'"])(
  'a model that reads a file is told to make a source of it: %s',
  async (sql) => {
    await expect(planModels(projectWith({ m: sql }), RAW)).rejects.toMatchObject({
      code: 'MODEL_SQL_INVALID',
      place: 'models/m.sql',
      hint: expect.stringContaining('lens topics init t --from data/x.csv') as string,
    });
  },
);

describe('a stored model that follows something else than its records', () => {
  it('is refused with all others of its kind, by function, file and the view that calls it', async () => {
    const error = await refusal(
      projectWith({
        by_whom: "select id, current_user as by, getvariable('x') as x from @facts",
        loaded: 'select id, current_timestamp as loaded_at from @facts',
        clock: view('select id, now() as at from @facts'),
        inner_: "{{ config(materialized='ephemeral') }}select id, uuid() as u from @facts",
        through: 'select c.at, i.u from #clock c join #inner_ i on i.id = c.id',
        fine: view('select id, random() as r from #kept'),
        kept: 'select id, n from @facts',
      }),
    );
    expect(error).toMatchObject({ code: 'MODEL_NONDETERMINISTIC', place: 'models/by_whom.sql' });
    expect(error?.message.split('\n')).toEqual([
      '3 models cannot be kept:',
      ...[
        ['by_whom', 'getvariable(), current_user'],
        ['loaded', 'current_timestamp'],
        [
          'through',
          'now() in the view clock (models/clock.sql), uuid() in the ephemeral model inner_ (models/inner_.sql)',
        ],
      ].flatMap(([name, calls]) => [
        `  ${name} (models/${name}.sql): MODEL_NONDETERMINISTIC`,
        `    it is stored, and follows something else than its records: ${calls}`,
        expect.stringContaining('`+nondeterministic: allow` under `models:` in dbt_project.yml') as string,
      ]),
    ]);
  });

  it.each([
    'random()',
    'gen_random_uuid()',
    'now()',
    'current_date',
    'localtimestamp',
    'today()',
    'age(day)',
    'session_user',
    "current_setting('threads')",
    'version()',
    'current_schema()',
    '(select count(*) from duckdb_tables())',
    '(select count(*) from information_schema.tables)',
  ])('is found by %s', async (call) => {
    expect((await refusal(projectWith({ m: `select id, ${call} as v from @facts` })))?.code).toBe(
      'MODEL_NONDETERMINISTIC',
    );
  });

  it.each([
    ['a column that has the name of such a function', 'select k, "user", user as u from @dims'],
    ['an alias of that name', 'select current_date from (select day as current_date from @facts)'],
    ['a name in a list of columns', 'select current_date from (select day from @facts) t(current_date)'],
    [
      'functions of their arguments',
      'select age("at", timestamp \'2020-01-01\') as a, date_trunc(\'day\', "at") as d from @facts',
    ],
    ['a text', "select id, 'now()' as v from @facts"],
  ])('is not: %s', async (_, sql) => {
    expect(await refusal(projectWith({ m: sql }))).toBeNull();
  });

  const ages = view("select id, n, day, date_diff('day', day, current_date) as age, random() as r from @facts");
  it.each<[string, string, Record<string, string>?]>([
    ['rows', 'select id, n from #ages'],
    ['aggregates', 'select day, count(*) as c, sum(n) as s from #ages group by day'],
    ['a CTE of its own', 'with a as (select *, uuid() as u from #ages) select id, day from a'],
    ['another view', 'select id from #through', { through: view('select id, age + 1 as older from #ages') }],
  ])('is not one that leaves the columns of the clock in a view unread: %s', async (_, sql, more = {}) => {
    const project = projectWith({ ages, ...more, m: sql });
    expect(await refusal(project)).toBeNull();
    const plans = await planModels(project, RAW);
    expect(plans.at(-1)).toMatchObject({
      model: 'm',
      strategy: 'recompute keys',
      upkeep: 'batch',
      nondeterministic: [],
    });
  });

  it.each<[string, string, string, string]>([
    ['a condition', 'select id, n from #ages where age > 3', ages, 'current_date'],
    [
      'the condition of a join',
      'select f.id from @facts f join #ages a on a.id = f.id and a.age > 3',
      ages,
      'current_date',
    ],
    [
      'an order that numbers rows',
      'select id, row_number() over (partition by n order by age, id) as rn from #ages',
      ages,
      'current_date',
    ],
    [
      'what no list of a SELECT shows',
      'select id from #since',
      view('select id from @facts where day < today()'),
      'today()',
    ],
    [
      'arguments of a table function, which no plan shows',
      'select d from #spine',
      view(
        "select cast(d as date) as d, current_date as today from generate_series(date '2024-01-01', current_date, interval 1 day) t(d)",
      ),
      'current_date',
    ],
    [
      'rows that are written out',
      'select d from #spine',
      view('select d, now() as at from (values (now())) t(d)'),
      'now()',
    ],
    [
      'what DuckDB fixes when it binds',
      'select id from #who',
      view('select id, current_user as who from @facts'),
      'current_user',
    ],
  ])('is one that reads them by %s', async (_, sql, below, call) => {
    const name = /#(\w+)/.exec(sql)?.[1] as string;
    const error = await refusal(projectWith({ [name]: below, m: sql }));
    expect(error?.message).toContain(`${call} in the view ${name} (models/${name}.sql)`);
  });

  it('may be a gate, which is run whole then, also by way of a view', async () => {
    const call = "current_setting('TimeZone') = 'UTC'";
    const project = projectWith(
      { v: view(`select * from @facts where ${call}`) },
      {
        'tests/own.sql': `{{ config(gate=true) }}select id from {{ source('main', 'facts') }} where n < 0 and ${call}`,
        'tests/through.sql': "{{ config(gate=true) }}select id from {{ ref('v') }} where n < 0",
      },
    );
    const gates = await planGates(project, RAW);
    expect(gates.map(({ whole }) => whole)).toEqual(Array(2).fill('current_setting() gives another value each time'));
  });

  it('may be allowed for all models or one, and is rebuilt then', async () => {
    const models = { m: 'select id, now() as loaded_at from @facts', other: 'select id, random() as r from @facts' };
    const all = projectWith(models, PROJECT('+nondeterministic: allow'));
    expect(await refusal(all)).toBeNull();
    const [plan] = await planModels(all, RAW);
    expect(plan).toMatchObject({
      strategy: 'rebuild',
      upkeep: 'compaction',
      reason: 'now() gives another value each time',
      nondeterministic: [{ call: 'now()', model: 'm' }],
    });
    const one = projectWith(models, { 'models/m.yml': 'models: [{name: m, meta: {nondeterministic: allow}}]\n' });
    expect((await refusal(one))?.message).toBe(
      'model other: it is stored, and follows something else than its records: random()',
    );
  });
});
