/**
 * What real dbt compiles, held against ours: `node tools/dbt/compiled.ts PROJECT...`
 *
 * Each project is copied, compiled by dbt ($LENS_DBT_VENV) and read by us: models and data tests must be the same ones, by
 * unique id, with the same SQL apart from white space. Nothing is built, so templates that ask dbt's warehouse are no cases.
 * The last line is `N passed, N failed, N skipped`; exit code 1 when any failed.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compile } from '../../src/project/compile.ts';
import { loadProject } from '../../src/project/load-project.ts';
import type { RelationNaming } from '../../src/project/project-contract.ts';

interface Manifest {
  readonly nodes: Readonly<Record<string, { readonly resource_type: string; readonly compiled_code?: string | null }>>;
}

/** What is copied of a project: not what was installed, built or kept beside it. */
const LEFT = new Set([
  'node_modules',
  '.git',
  '.lens',
  'target',
  'logs',
  'src',
  'test',
  'bench',
  'docs',
  'tools',
  'docker',
]);

function compiledByDbt(project: string, dir: string): ReadonlyMap<string, string> {
  cpSync(project, dir, { recursive: true, filter: (from) => !LEFT.has(path.relative(project, from)) });
  const dbt = path.join(process.env['LENS_DBT_VENV'] ?? '', 'bin/dbt');
  const { profile, name } = loadNames(dir);
  writeFileSync(
    path.join(dir, 'profiles.yml'),
    `${profile ?? name}: {target: dev, outputs: {dev: {type: duckdb, path: '${dir}/warehouse.duckdb'}}}\n`,
  );
  const only = ['--exclude', 'resource_type:unit_test'];
  execFileSync(dbt, ['compile', '--quiet', ...only, '--project-dir', dir, '--profiles-dir', dir], {
    env: { ...process.env, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const manifest = JSON.parse(readFileSync(path.join(dir, 'target/manifest.json'), 'utf8')) as Manifest;
  const found = Object.entries(manifest.nodes).filter(([, node]) => ['model', 'test'].includes(node.resource_type));
  return new Map(found.map(([id, { compiled_code: sql }]) => [id, sql ?? '']));
}

function loadNames(dir: string): { readonly profile: string | null; readonly name: string } {
  const text = readFileSync(path.join(dir, 'dbt_project.yml'), 'utf8');
  const value = (key: string): string | null => new RegExp(`^${key}:\\s*['"]?([\\w-]+)`, 'm').exec(text)?.[1] ?? null;
  return { profile: value('profile'), name: value('name') ?? '' };
}

/** dbt puts the name of its database in front. */
const naming: RelationNaming = ({ schema, identifier }) => `"warehouse"."${schema}"."${identifier}"`;

function compiledByUs(dir: string): ReadonlyMap<string, string> {
  const project = loadProject(dir);
  return new Map([
    ...project.models.map((model): [string, string] => [model.uniqueId, compile(project, model, naming)]),
    ...project.tests.map((test): [string, string] => [test.uniqueId, test.sql(naming)]),
  ]);
}

/**
 * Other on purpose; their rows are compared by oracle.sh. dbt asks its warehouse for the number of days of a date spine; ours stands as an
 * expression in the SQL, so that it may be `current_date`.
 */
const OTHERWISE = new Set(['model.logistics.daily_activity']);

const squeezed = (sql: string | undefined): string | undefined => sql?.replaceAll(/\s+/g, '');

let passed = 0;
let failed = 0;
for (const project of process.argv.slice(2)) {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-compiled-'));
  try {
    const theirs = compiledByDbt(path.resolve(project), dir);
    const ours = compiledByUs(dir);
    for (const id of new Set([...theirs.keys(), ...ours.keys()])) {
      const equal = squeezed(theirs.get(id)) === squeezed(ours.get(id));
      if (equal !== OTHERWISE.has(id)) passed++;
      else {
        failed++;
        console.log(
          `${project}: ${id}\n  dbt:  ${theirs.get(id) ?? 'has no such node'}\n  lens: ${ours.get(id) ?? 'has no such node'}`,
        );
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
