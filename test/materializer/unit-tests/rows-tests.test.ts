import { describe, expect, it } from 'vitest';
import type { NodeResult } from '../../../src/materializer/nodes/node-results.ts';
import { csvRows } from '../../../src/materializer/unit-tests/csv-rows.ts';
import { tableDiff } from '../../../src/materializer/unit-tests/table-diff.ts';
import { UnitTests } from '../../../src/materializer/unit-tests/unit-tests.ts';
import { loadProject } from '../../../src/project/load-project.ts';
import { loadTopics } from '../../../src/topics/catalog.ts';
import { projectFolder } from '../../project/project-folder.ts';
import { fixture } from '../workshop.ts';

async function resultsOf(dir: string): Promise<Record<string, NodeResult>> {
  const project = loadProject(dir);
  await using runner = new UnitTests(project, loadTopics(dir));
  const results: Record<string, NodeResult> = {};
  for (const test of project.unitTests) results[test.name] = await runner.run(test);
  return results;
}

const differs = (...lines: string[]): string => `\n\nactual differs from expected:\n\n${lines.join('\n')}\n`;

/** What dbt 1.11.16 with dbt-duckdb 1.11.1 says of the same project: `dbt test` in its folder, after `dbt run`. */
const BY_DBT: Record<string, readonly [status: string, message: string | null]> = {
  bad_column: ['error', "Invalid column name: 'nope' in unit test fixture for 'src'."],
  bad_expect: ['error', "Invalid column name: 'idd' in unit test fixture for expected output."],
  csv_in: ['pass', null],
  duplicates: ['fail', differs('@@ ,id', '   ,1', '+++,1')],
  empty_ok: ['pass', null],
  fails_cell: ['fail', differs('@@ ,id,name', '→  ,1 ,y→z', '   ,2 ,q', '+++,3 ,r', '---,4 ,s')],
  fails_empty_expect: [
    'fail',
    differs('@@ ,id,name,d   ,double_amount,ts  ,ok  ,e   ,mac', '+++,1 ,z   ,null,null         ,null,null,none,1'),
  ],
  fails_missing: ['fail', differs('@@ ,id,name', '   ,1 ,z', '---,9 ,extra')],
  not_given: [
    'error',
    "Unit_Test 'unit_test.p.m.not_given' (models/x.yml) depends on a node named 'src' which was not found",
  ],
  overrides: ['pass', null],
  passes: ['pass', null],
  rounding: ['pass', null],
  sql_in: ['error', 'Binder Error: Referenced column "d" not found in FROM clause!'],
  types: ['pass', null],
  uneven: ['error', 'Set operations can only apply to expressions with the same number of result columns'],
};

describe("dbt's unit tests", () => {
  it('of a model with versions are run over the SELECT of each', async () => {
    const dir = projectFolder({
      'models/base.sql': 'select 1 as id',
      'models/users_v1.sql': "select id, 1 as n from {{ ref('base') }}",
      'models/users_v3.sql': "select id, 3 as n from {{ ref('base') }}",
      'models/y.yml': `models: [{name: users, versions: [{v: 1}, {v: 3}]}]
unit_tests: [{name: some, model: users, given: [{input: ref('base'), rows: [{id: 7}]}], expect: {rows: [{id: 7, n: 1}]}}]
`,
      'topics/manifest.json': '{}',
    });
    const project = loadProject(dir);
    await using runner = new UnitTests(project, loadTopics(dir));
    const results: NodeResult[] = [];
    for (const test of project.unitTests) results.push(await runner.run(test));
    expect(results).toMatchObject([
      { status: 'pass', name: 'some_v1', description: 'unit_test users::some_v1' },
      { status: 'fail', name: 'some_v3', message: differs('@@,id,n', '→ ,7 ,1→3') },
    ]);
    expect(results[1]?.compiledPath).toBe('p/models/y.yml/models/some_v3.sql');
  });

  it('have the results that dbt gives them, with its differences', async () => {
    const results = await resultsOf(fixture('dbt-unit-tests'));
    expect(Object.keys(results).sort()).toEqual(Object.keys(BY_DBT));
    for (const [name, [status, message]] of Object.entries(BY_DBT)) {
      const result = results[name] as NodeResult;
      expect([name, result.status]).toEqual([name, status]);
      if (status === 'error') expect(result.message).toContain(message);
      else expect(result.message).toEqual(message);
    }
    expect(results['duplicates']?.compiledPath).toBe('p/models/x.yml/models/duplicates.sql');
    expect(results['duplicates']?.compiledCode).toContain('with "__dbt__cte__src" as (');
  });
});

describe('a difference', () => {
  it('leaves out rows far from any change, whatever the order', () => {
    const rows = Array.from({ length: 9 }, (_, i) => [`${i + 1}`, 'x']);
    const changed = [...rows.slice(0, 4), ['5', 'y'], ...rows.slice(5)].toReversed();
    expect(tableDiff(['id', 'name'], rows, changed)).toBe(
      ['@@ ,id ,name', '...,...,...', '   ,4  ,x', '→  ,5  ,x→y', '   ,6  ,x', '...,...,...'].join('\n'),
    );
    expect(tableDiff(['id', 'name'], rows, rows.toReversed())).toBe(null);
  });

  // as dbt 1.11.16 shows the same rows
  it('between rows of both sides show what is too many first', () => {
    const of = (...ids: number[]) => ids.map((id) => [`${id}`, 'q']);
    expect(tableDiff(['id', 'n'], of(1, 3, 5, 7, 8), of(1, 4, 7, 9))).toBe(
      ['@@ ,id,n', '   ,1 ,q', '+++,4 ,q', '---,3 ,q', '---,5 ,q', '   ,7 ,q', '+++,9 ,q', '---,8 ,q'].join('\n'),
    );
  });
});

describe('CSV', () => {
  it("is read as Python's DictReader does, empty values as null", () => {
    expect(csvRows('a,b\n"x, ""y""",1\r\n\n,2')).toEqual([
      { a: 'x, "y"', b: '1' },
      { a: null, b: '2' },
    ]);
  });
});
