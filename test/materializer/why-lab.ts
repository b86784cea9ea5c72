import type { WhyRecord, WhyTable } from '../../src/materializer/lineage/why-contract.ts';
import { projectFolder } from '../project/project-folder.ts';
import type { Happening } from './random-history.ts';

function schema(name: string, fields: Readonly<Record<string, unknown>>): string {
  const list = Object.entries(fields).map(([field, type]) =>
    Array.isArray(type) ? { name: field, type, default: null } : { name: field, type },
  );
  return JSON.stringify({ type: 'record', name, fields: list });
}

/** Every way of landing, and the shapes of models that need a way of their own down to the records. */
export const LAB = projectFolder({
  'dbt_project.yml': 'name: lab\nversion: 0.1.0\nconfig-version: 2\nmodels:\n  lab:\n    +materialized: table\n',
  'topics/manifest.json': JSON.stringify(
    Object.fromEntries(
      ['orders', 'refunds', 'customers', 'profiles', 'clicks'].map((topic, i) => [i + 1, { topic, version: 1 }]),
    ),
  ),
  'topics/orders/topic.yml': 'table: raw_orders\nkey: order_id\npartitions: 2\nchecks:\n  price: { min: 0 }\n',
  'topics/orders/1.avsc': schema('O', { order_id: 'long', customer: 'string', price: 'int' }),
  'topics/refunds/topic.yml': 'table: raw_refunds\nkey: refund_id\npartitions: 1\n',
  'topics/refunds/1.avsc': schema('R', { refund_id: 'long', customer: 'string', price: 'int' }),
  'topics/customers/topic.yml': 'table: raw_customers\nkey: customer\npartitions: 1\n',
  'topics/customers/1.avsc': schema('C', { customer: 'string', country: 'string' }),
  'topics/profiles/topic.yml':
    'table: raw_profiles\nmode: patch\nkey: [customer, kind]\npartitions: 1\nkinds:\n  nick: [nick]\n  age: [age]\n',
  'topics/profiles/1.avsc': schema('P', {
    customer: 'string',
    kind: 'string',
    nick: ['null', 'string'],
    age: ['null', 'int'],
  }),
  'topics/clicks/topic.yml': 'table: raw_clicks\nmode: append\npartitions: 1\n',
  'topics/clicks/1.avsc': schema('K', { customer: 'string', page: 'string' }),
  'models/sources.yml': `sources:
  - name: shop
    schema: main
    tables:
      - name: orders
        identifier: raw_orders
      - { name: raw_refunds }
      - { name: raw_customers }
      - { name: raw_profiles }
      - { name: raw_clicks }
`,
  'models/fct_money.sql': `select 'o' || order_id as id, customer, price from {{ source('shop', 'orders') }}
union all
select 'r' || refund_id, customer, -price from {{ source('shop', 'raw_refunds') }}`,
  'models/dim_customers.sql': `select c.customer, upper(c.country) as country, m.orders
from {{ source('shop', 'raw_customers') }} c
left join (select customer, count(*) as orders from {{ ref('fct_money') }} group by customer) m using (customer)`,
  'models/totals.sql': `select m.customer, c.country, cast(sum(m.price) as bigint) as total
from {{ ref('fct_money') }} m left join {{ ref('dim_customers') }} c on c.customer = m.customer
group by m.customer, c.country`,
  'models/people.sql': `{{ config(materialized='view') }}
select c.customer, c.country, p.nick, p.age
from {{ source('shop', 'raw_customers') }} c left join {{ source('shop', 'raw_profiles') }} p using (customer)`,
  'models/visits.sql': "select customer, count(*) as clicks from {{ source('shop', 'raw_clicks') }} group by customer",
  'models/ranked.sql': `select order_id, row_number() over (order by price, order_id) as place
from {{ source('shop', 'orders') }}`,
});

export function record(topic: string, key: unknown, value: Readonly<Record<string, unknown>> | null): Happening {
  return { topic, key, value };
}

export function ofOrder(id: number, customer: string, price: number): Happening {
  return record('orders', id, { order_id: id, customer, price });
}

/** An answer as lines: tables indented along the graph, rows with `topic/partition@offset` of their records. */
export function outline(table: WhyTable, depth = 0): string[] {
  const space = '  '.repeat(depth);
  const place = ({ topic, partition, offset }: WhyRecord): string => `${topic}/${partition}@${offset}`;
  const head = `${table.name} ${table.whole === null ? table.total : `whole ${table.total}`}${table.above ? ' above' : ''}`;
  return [
    space + head,
    ...table.rows.map((row) =>
      [
        `${space}  ${Object.values(row.key).join()}`,
        ...(row.records ?? []).map(place),
        ...(row.gone ?? []).map((key) => `gone ${key ?? ''}`.trim()),
      ].join(' '),
    ),
    ...(table.more > 0 ? [`${space}  and ${table.more} more`] : []),
    ...table.inputs.flatMap((input) => outline(input, depth + 1)),
  ];
}
