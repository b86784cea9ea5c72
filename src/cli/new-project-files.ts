/**
 * The smallest project that does everything, by path: a topic, its raw table, two models and their tests. docs/quickstart.md shows the same files.
 *
 * @param name of the project, as dbt allows it
 */
export function newProjectFiles(name: string): ReadonlyMap<string, string> {
  return new Map([
    [
      'dbt_project.yml',
      `name: ${name}
version: 0.1.0
config-version: 2
models:
  ${name}:
    +materialized: table
`,
    ],
    [
      'topics/orders/topic.yml',
      `table: raw_orders
key: order_id
partitions: 2
settings:
  cleanup.policy: compact
checks:
  price: { min: 0 }
`,
    ],
    [
      'topics/orders/1.avsc',
      `{
  "type": "record",
  "name": "Order",
  "fields": [
    { "name": "order_id", "type": "long" },
    { "name": "customer", "type": "string" },
    { "name": "price", "type": { "type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2 } },
    { "name": "ordered_at", "type": { "type": "long", "logicalType": "timestamp-micros" } }
  ]
}
`,
    ],
    ['topics/manifest.json', '{ "1": { "topic": "orders", "version": 1 } }\n'],
    [
      'models/sources.yml',
      `sources:
  - name: web
    schema: main
    tables:
      - name: raw_orders
`,
    ],
    [
      'models/stg_orders.sql',
      `{{ config(materialized='view') }}

select order_id, lower(trim(customer)) as customer, price, cast(ordered_at as date) as order_date
from {{ source('web', 'raw_orders') }}
`,
    ],
    [
      'models/customer_totals.sql',
      `select customer, count(*) as orders, cast(sum(price) as decimal(12, 2)) as total, max(order_date) as last_order
from {{ ref('stg_orders') }}
group by customer
`,
    ],
    [
      'models/models.yml',
      `models:
  - name: customer_totals
    description: One row per customer.
    columns:
      - name: customer
        data_tests: [unique, not_null]
`,
    ],
    [
      'orders.jsonl',
      `{"value": {"order_id": 1, "customer": "Ann", "price": "10.50", "ordered_at": "2026-01-02T10:00:00Z"}}
{"value": {"order_id": 2, "customer": "ann ", "price": "2.00", "ordered_at": "2026-01-03T10:00:00Z"}}
`,
    ],
    ['.gitignore', '.lens/\ntarget/\n'],
  ]);
}
