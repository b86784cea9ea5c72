import { expect, test } from 'vitest';
import { planModels, planRefusals } from '../../src/maintenance/plan-models.ts';
import { projectOf } from '../project/project-folder.ts';

const RAW = {
  name: 'raw_t',
  schema: 'main',
  identifier: 'raw_t',
  columns: [{ name: 'id', type: 'BIGINT' }],
  key: ['id'],
};

function projectWith(columns: string, more = '', materialized = 'table'): ReturnType<typeof projectOf> {
  return projectOf({
    'models/sources.yml': 'sources: [{ name: raw, schema: main, tables: [{ name: t, identifier: raw_t }] }]\n',
    'models/con.sql': `select id, 'x' as extra, 1.5 as amount, 'a' as ok, 1.5::decimal(12, 4) as small from {{ source('raw', 't') }}`,
    'models/con.yml': `
models:
  - name: con
    config: { materialized: ${materialized}, contract: { enforced: true } }
    columns: [${columns}]
${more}`,
  });
}

const RIGHT =
  '{ name: small, data_type: "decimal(12,4)" }, { name: ID, data_type: int8 }, { name: extra, data_type: string }, { name: amount, data_type: "numeric(2, 1)" }, { name: ok, data_type: text }';

test('names and types in any order and spelling are kept', async () => {
  expect(await planModels(projectWith(RIGHT), [RAW])).toHaveLength(1);
  expect(await planRefusals(projectWith(RIGHT), [RAW])).toEqual(new Map());
});

test('what differs is an error in the words of dbt', async () => {
  const project = projectWith(
    '{ name: id, data_type: integer }, { name: missing_one, data_type: varchar }, { name: amount, data_type: "decimal(10,2)" }, { name: ok, data_type: string }, { name: small, data_type: nonsense }',
  );
  const error = (await planRefusals(project, [RAW])).get('con');
  expect(error).toMatchObject({ code: 'MODEL_CONTRACT_BROKEN', place: 'models/con.yml:3' });
  expect(error?.message).toBe(
    `model con: This model has an enforced contract that failed.
Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.

| column_name | definition_type | contract_type | mismatch_reason       |
| ----------- | --------------- | ------------- | --------------------- |
| amount      | DECIMAL(2,1)    | DECIMAL(10,2) | data type mismatch    |
| extra       | VARCHAR         |               | missing in contract   |
| id          | BIGINT          | INTEGER       | data type mismatch    |
| missing_one |                 | VARCHAR       | missing in definition |
| small       | DECIMAL(12,4)   | NONSENSE      | data type mismatch    |`,
  );
  expect(error?.fields['inShort']).toMatch(
    /^its enforced contract failed: amount: data type mismatch \(DECIMAL\(2,1\), not DECIMAL\(10,2\)\); extra: missing in contract; /,
  );
});

test('a constraint on a column that the SELECT lacks is a difference of the contract', async () => {
  const project = projectWith(`${RIGHT}, { name: gone, data_type: text, constraints: [{ type: not_null }] }`);
  const error = (await planRefusals(project, [RAW])).get('con');
  expect(error?.fields['inShort']).toBe('its enforced contract failed: gone: missing in definition');
});

test('constraints that stored rows are not held to are a warning', () => {
  expect(projectWith(RIGHT).warnings).toEqual([]);
  const rules = '{ type: check, expression: "id > 5" }';
  expect(projectWith(RIGHT, `    constraints: [${rules}]\n`).warnings).toEqual([]);
  const { warnings } = projectWith(RIGHT, `    constraints: [${rules}, { type: foreign_key, columns: [id] }]\n`);
  expect(warnings).toEqual([expect.stringContaining('constraints (foreign_key) are not enforced, ') as string]);
  const view = projectWith(RIGHT, `    constraints: [${rules}]\n`, 'view').warnings;
  expect(view).toEqual([
    expect.stringContaining('constraints (check) are not enforced on what is not stored') as string,
  ]);
});
