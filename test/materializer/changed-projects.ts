import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelChange } from '../../src/materializer/changes/change-plan.ts';
import { changedShop } from './changed-shop.ts';
import { SHOP } from './workshop.ts';

/** A way in which the shop's project changes, and what `lens plan` has to say of it. */
export interface ProjectChange {
  readonly name: string;
  readonly dir: () => string;
  /** `CAUSE NAME`, in the plan's order. */
  readonly causes: readonly `${ModelChange['cause']} ${string}`[];
  /** The parts that differ, by model. */
  readonly parts?: Readonly<Record<string, readonly string[]>>;
  /** What is another name of what. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Also shown at a start, without a plan applied. */
  readonly start?: true;
}

const file = (name: string): string => readFileSync(path.join(SHOP, name), 'utf8');
const FACTS = file('models/marts/fct_orders.sql');
const CUSTOMERS = file('models/staging/stg_customers.sql');
const PROJECT = file('dbt_project.yml');
const DIMENSION = file('models/marts/dim_customers.sql');
const TOTALS = file('models/marts/customer_totals.sql');
const at = (topic: string, version: number): object => ({ topic, version });

/** Each kind of change that there is, over the shop with two more models ({@link BASE}). */
export const CHANGES: readonly ProjectChange[] = [
  {
    name: 'a variable, which a table and what reads it follow',
    dir: () => changed({ 'dbt_project.yml': PROJECT.replace('10000', '250') }),
    causes: ['changed fct_orders', 'follows daily_sales'],
    parts: { fct_orders: ['sql'] },
  },
  {
    name: 'columns that come, go and change their type',
    dir: () =>
      changed({
        'models/marts/fct_orders.sql': FACTS.replace('    orders.ordered_at,\n', '').replace(
          'orders.quantity,',
          'cast(orders.quantity + orders.order_id % 2 as bigint) as quantity, orders.order_id % 3 = 0 as is_third,',
        ),
      }),
    causes: ['changed fct_orders', 'follows daily_sales'],
    parts: { fct_orders: ['sql', 'columns'] },
  },
  {
    name: 'a view, with rows that leave',
    start: true,
    dir: () =>
      changed({
        'models/staging/stg_customers.sql': `${CUSTOMERS.replace('upper(country)', "replace(upper(country), 'DE', 'NL')")} where country <> 'fr'`,
      }),
    causes: ['changed stg_customers', 'follows dim_customers', 'follows fct_orders', 'follows daily_sales'],
    parts: { stg_customers: ['sql'] },
  },
  {
    name: 'an ephemeral model and a model without a key',
    dir: () =>
      changed({
        'models/marts/paid_orders.sql':
          "{{ config(materialized='ephemeral') }} select * from {{ ref('stg_orders') }} where status in ('paid', 'open')",
        'models/marts/states.sql': "select status, quantity > 1 as is_many from {{ ref('stg_orders') }}",
      }),
    causes: ['changed customer_totals', 'changed states'],
    parts: { states: ['sql'], customer_totals: ['sql'] },
  },
  {
    name: 'who brings a model up to date',
    dir: () =>
      changed({
        'dbt_project.yml': PROJECT.replace('upkeep: compaction', 'owner: ann'),
        'models/marts/customer_totals.sql': TOTALS.replace('config(', "config(meta={'upkeep': 'compaction'}, "),
      }),
    causes: ['changed daily_sales', 'changed customer_totals'],
    parts: { customer_totals: ['config', 'upkeep'], daily_sales: ['config', 'upkeep'] },
  },
  {
    name: 'a model that can no longer be kept by keys',
    dir: () =>
      changed({
        'models/marts/dim_customers.sql': `select *, row_number() over (order by customer_id) as place from (${DIMENSION})`,
      }),
    causes: ['changed dim_customers', 'changed fct_orders', 'follows daily_sales'],
    parts: { dim_customers: ['sql', 'columns', 'upkeep'], fct_orders: ['upkeep'] },
  },
  {
    name: 'a model with another name, one with an alias, one that is gone and one that is new',
    start: true,
    dir: () =>
      changed(
        {
          'models/marts/statuses.sql': STATES,
          'models/marts/customer_totals.sql': TOTALS.replace('config(', "config(alias='totals', "),
          'models/marts/numbers.sql': "select order_id, quantity from {{ ref('fct_orders') }}",
        },
        ['models/marts/states.sql', 'models/marts/copies.sql'],
      ),
    causes: [
      'new numbers',
      'changed customer_totals',
      'new statuses',
      'removed copies',
      'removed customer_totals',
      'removed states',
    ],
    parts: { customer_totals: ['config', 'relation'] },
    renamed: { statuses: 'states', states: 'statuses', customer_totals: 'customer_totals' },
  },
  {
    name: 'a topic that brings a column',
    start: true,
    dir: () =>
      changed({
        'topics/orders/2.avsc': file('topics/orders/1.avsc').replace(
          '  ]\n}',
          '  ,{ "name": "channel", "type": ["null", "string"], "default": null }]\n}',
        ),
        'models/marts/channels.sql':
          "select order_id, coalesce(channel, 'none') as channel from {{ source('web', 'orders') }}",
        'topics/manifest.json': JSON.stringify({ 1: at('customers', 1), 2: at('orders', 1), 3: at('orders', 2) }),
      }),
    causes: ['new channels', 'changed copies'],
    parts: { copies: ['columns'] },
  },
  {
    name: 'nothing that rows follow from',
    dir: () =>
      changed({
        'models/marts/dim_customers.sql': `-- one row a customer\n${DIMENSION.replaceAll('\n', '\n\n  ')} /* all */`,
        'models/marts/marts.yml': file('models/marts/marts.yml').replaceAll('One row', 'Just one row'),
      }),
    causes: [],
  },
];

const STATES = "select status, quantity > 2 as is_many from {{ ref('stg_orders') }}";

/** The shop with a model without a key, and one that takes all columns of a topic. */
const BASE: Readonly<Record<string, string>> = {
  'models/marts/states.sql': STATES,
  'models/marts/copies.sql': "select * from {{ source('web', 'orders') }}",
};

/** The project before each change. */
export function projectBefore(): string {
  return changedShop(BASE);
}

function changed(files: Readonly<Record<string, string>>, gone: readonly string[] = []): string {
  const left = Object.entries({ ...BASE, ...files }).filter(([name]) => !gone.includes(name));
  return changedShop(Object.fromEntries(left));
}
