import { describe, expect, it } from 'vitest';
import { rawTables, type RawTable } from '../../src/materializer/raw-tables.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { failureOf, projectOf, type Files } from '../project/project-folder.ts';
import { SHOP } from './workshop.ts';

const source = (name: string, table: string): string => `  - name: ${name}\n    tables: [{name: ${table}}]\n`;
const tablesOf = (files: Files): RawTable[] => rawTables(loadTopics(SHOP), projectOf(files));
const relationOf = (tables: readonly RawTable[]): string | undefined =>
  tables.find(({ name }) => name === 'raw_orders')?.relation;

describe('raw tables', () => {
  it('are in the schema of the source, else in that of the project', () => {
    expect(relationOf(tablesOf({}))).toBe('"main"."raw_orders"');
    expect(relationOf(tablesOf({ 'models/s.yml': `sources:\n${source('web', 'raw_orders')}` }))).toBe(
      '"web"."raw_orders"',
    );
  });

  it('need no topic for a source that no enabled model reads', () => {
    const files = {
      'models/s.yml': `sources:\n${source('web', 'elsewhere')}`,
      'models/m.sql': "{{ config(enabled=false) }}select * from {{ source('web', 'elsewhere') }}",
      'tests/t.sql': "select * from {{ source('web', 'elsewhere') }}",
    };
    expect(tablesOf(files).length).toBeGreaterThan(0);
    expect(failureOf(() => tablesOf({ ...files, 'models/m.sql': files['models/m.sql'].slice(28) }))).toEqual({
      code: 'PROJECT_INVALID',
      place: 'models/s.yml:3',
      message: 'no topic feeds the source table elsewhere, which model m reads',
      hint: expect.stringMatching(/^lens topics init writes .*`table: elsewhere`$/),
    });
    const more = {
      'models/s.yml': `${files['models/s.yml']}${source('shop', 'other')}`,
      'models/m.sql': "select * from {{ source('web', 'elsewhere') }}, {{ source('shop', 'other') }}",
    };
    expect(failureOf(() => tablesOf(more)).message).toBe(
      'no topic feeds 2 source tables that models read: other, elsewhere',
    );
  });

  it('stand in the schema of the seed whose table their topic feeds', () => {
    const files = {
      'seeds/orders.csv': 'a\n',
      'seeds/s.yml': 'seeds:\n  - name: orders\n    config: { alias: raw_orders, schema: fixed }\n',
      'models/m.sql': "select * from {{ ref('orders') }}",
    };
    expect(relationOf(tablesOf(files))).toBe('"main_fixed"."raw_orders"');
  });

  it('are ambiguous when one topic feeds sources of different schemas, if both are read', () => {
    const sources = `sources:\n${source('web', 'raw_orders')}${source('shop', 'raw_orders')}`;
    const one = { 'models/s.yml': sources, 'models/m.sql': "select * from {{ source('shop', 'raw_orders') }}" };
    expect(relationOf(tablesOf(one))).toBe('"shop"."raw_orders"');
    const failure = failureOf(() =>
      tablesOf({ ...one, 'models/n.sql': "select * from {{ source('web', 'raw_orders') }}" }),
    );
    expect(failure).toMatchObject({ code: 'PROJECT_INVALID', hint: expect.stringContaining('same schema') });
    expect(failure.message).toContain('models/s.yml:3');
    expect(failure.message).toContain('models/s.yml:5');
  });
});
