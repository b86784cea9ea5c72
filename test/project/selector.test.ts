import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import { selectResources } from '../../src/project/select-resources.ts';
import { selectModels } from './select-models.ts';
import { failureOf, SHOP } from './project-folder.ts';

// stg_customers -> dim_customers -> fct_orders -> daily_sales; stg_orders -> fct_orders, paid_orders -> customer_totals
const project = loadProject(SHOP);
const ALL = project.models.map(({ name }) => name);

const CASES: readonly [select: string, expected: readonly string[], exclude?: string][] = [
  ['', ALL],
  ['*', ALL],
  ['dim_customers', ['dim_customers']],
  ['dim_customers+', ['dim_customers', 'fct_orders', 'daily_sales']],
  ['dim_customers+1', ['dim_customers', 'fct_orders']],
  ['+dim_customers', ['stg_customers', 'dim_customers']],
  ['1+daily_sales', ['fct_orders', 'daily_sales']],
  ['2+daily_sales', ['dim_customers', 'stg_orders', 'fct_orders', 'daily_sales']],
  ['1+fct_orders+1', ['dim_customers', 'stg_orders', 'fct_orders', 'daily_sales']],
  // a data test downstream reads paid_orders
  ['@stg_customers', ALL.filter((name) => name !== 'customer_totals')],
  ['dim_customers customer_totals', ['dim_customers', 'customer_totals']],
  ['+customer_totals,+daily_sales', ['stg_orders']],
  ['tag:staging', ['stg_customers', 'stg_orders']],
  ['tag:rep*', ['daily_sales']],
  ['path:models/staging', ['stg_customers', 'stg_orders']],
  ['models/reports/daily_sales.sql', ['daily_sales']],
  ['path:models/*/dim_*.sql', ['dim_customers']],
  ['path:models/**/*_orders.sql', ['stg_orders', 'fct_orders', 'paid_orders']],
  ['file:fct_orders.sql', ['fct_orders']],
  ['FCT_orders.SQL file:dim_*', ['dim_customers']],
  ['staging', ['stg_customers', 'stg_orders']],
  ['staging.*', ['stg_customers', 'stg_orders']],
  ['shop.marts', ['dim_customers', 'fct_orders', 'paid_orders', 'customer_totals']],
  ['shop.*.stg_*', ['stg_customers', 'stg_orders']],
  ['?im_customers', ['dim_customers']],
  ['source:web+', ALL],
  ['source:web.customers+', ['stg_customers', 'dim_customers', 'fct_orders', 'daily_sales']],
  ['source:shop.web.customers+1', ['stg_customers']],
  ['tag:money+1', ['stg_orders']],
  ['config.materialized:incremental', ['customer_totals']],
  ['config.meta.upkeep:compaction', ['daily_sales']],
  ['config.unique_key:customer_id', ['customer_totals']],
  ['resource_type:model,staging', ['stg_customers', 'stg_orders']],
  ['resource_type:test,staging', []],
  ['access:protected', ALL],
  ['config.docs.show:TRUE,staging', ['stg_customers', 'stg_orders']],
  ['config.enabled:false', []],
  ['package:this,reports package:other', ['daily_sales']],
  ['version:none,marts version:latest', ['dim_customers', 'fct_orders', 'paid_orders', 'customer_totals']],
  ['st[a-z]ging.* s[!t]aging.*', ['stg_customers', 'stg_orders']],
  ['staging', ['stg_customers'], 'stg_orders+'],
  ['', ['stg_customers', 'dim_customers'], 'stg_orders+'],
];

describe('selection', () => {
  it.each(CASES)('"%s" gives %j, without "%s"', (select, expected, exclude) => {
    const models = selectModels(project, {
      select: select === '' ? [] : [select],
      exclude: exclude === undefined ? [] : [exclude],
    });
    expect(models.map(({ name }) => name)).toEqual(ALL.filter((name) => expected.includes(name)));
  });

  it('of several options is their union', () => {
    const models = selectModels(project, { select: ['stg_orders', 'tag:report'] });
    expect(models.map(({ name }) => name)).toEqual(['stg_orders', 'daily_sales']);
  });

  it.each(['fct_order', '', 'staging,reports', '+', 'tag:nothing', 'source:nothing+'])(
    '"%s" matches nothing, which is a warning, and an error when that is asked for',
    (select) => {
      const { resources, warnings } = selectResources(project, { select: [select] });
      const told = `The selection criterion '${select}' does not match any enabled nodes`;
      expect(resources).toEqual([]);
      expect(warnings).toEqual([told]);
      expect(selectResources(project, { exclude: [select] }).warnings).toEqual([told]);
      expect(failureOf(() => selectResources(project, { select: [select], strict: true }))).toMatchObject({
        code: 'USAGE',
        message: told,
      });
    },
  );

  it.each([
    ['tags:staging', /'tags' is not a valid method name/, /did you mean tag:/],
    ['@staging+', /incompatible/, /project.md/],
    ['resource_type:table', /Invalid resource_type selector "table"/, /use one of model/],
    ['test_type:other', /Invalid test type selector other/, /use one of generic/],
    ['version:3', /Invalid version type selector 3/, /use one of latest/],
    ['source:a.b.c.d', /Invalid source selector value/, /source:SOURCE.TABLE/],
    ['exposure:a.b.c', /Invalid exposure selector value/, /exposure:NAME/],
  ])('"%s" is told to be wrong', (select, message, hint) => {
    const failure = failureOf(() => selectModels(project, { select: [select] }));
    expect(failure.code).toBe('USAGE');
    expect(failure.message).toMatch(message);
    expect(failure.hint).toMatch(hint);
  });
});
