import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { takeDbtFlags, withFlagsBehind } from '../../src/cli/dbt-flags.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { type TypeFlags, typesOf } from '../../src/cli/type-flags.ts';
import { isError } from '../../src/cli/warn-errors.ts';
import { projectFolder } from '../project/project-folder.ts';
import { newProjectFiles } from '../../src/cli/new-project-files.ts';
import { lens, type LensResult } from './lens-process.ts';

/** What a command line gives a command, and what is said about it. */
async function taken(
  args: readonly string[],
  env: Record<string, string | undefined> = {},
  ofProject: Record<string, unknown> = {},
): Promise<{ flags: Record<string, unknown>; remarks: string[]; command: string; all: Record<string, unknown> }> {
  const program = (await buildProgram()).exitOverride();
  const found: Awaited<ReturnType<typeof taken>>[] = [];
  for (const command of [...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride().configureOutput({ outputError: () => {} });
    if (command.commands.length > 0) continue;
    command.action(() => {
      const remarks = takeDbtFlags(command, env, ofProject);
      found.push({ flags: command.opts(), remarks, command: command.name(), all: program.opts() });
    });
  }
  (program as unknown as { _lifeCycleHooks: object })._lifeCycleHooks = {};
  await program.parseAsync(withFlagsBehind(program, args), { from: 'user' });
  const [first] = found;
  if (first === undefined) throw new Error('no command was run');
  return first;
}

const EVERYWHERE =
  '--no-partial-parse --no-use-colors --log-level info --log-path logs --no-version-check --warn-error-options {} --no-write-json --fail-fast --no-populate-cache --no-send-anonymous-usage-stats --defer --state old -q --threads 4 --target-path t --indirect-selection cautious --no-print --printer-width 120 --use-colors-file';

test.each([
  'run',
  'build',
  'test',
  'seed',
  'ls',
  'compile',
  'show',
  'docs generate',
  'source freshness',
  'clean',
  'debug',
])('lens %s takes the flags that every command of dbt has, before and behind it', async (name) => {
  const before = await taken([...EVERYWHERE.split(' '), ...name.split(' ')]);
  const behind = await taken([...name.split(' '), ...EVERYWHERE.split(' ')]);
  expect(before).toEqual(behind);
  expect(behind.command).toBe(name.split(' ').at(-1));
  expect(behind.remarks).toEqual([
    expect.stringMatching(/^--log-path has no effect: there is no log file/),
    expect.stringMatching(/^--defer has no effect: every model is in this warehouse/),
  ]);
});

test('a flag goes before a variable, a variable before the project, and each must be what it can be', async () => {
  const env = { DBT_FAIL_FAST: 'true', DBT_RESOURCE_TYPES: 'model seed', DBT_ENGINE_STATE: 'engine', DBT_STATE: 'dbt' };
  const ofProject = { fail_fast: false, write_json: false, warn_error_options: { error: 'all' }, target_path: 'x' };
  expect((await taken(['build'], env, ofProject)).flags).toMatchObject({
    failFast: true,
    writeJson: false,
    resourceType: ['model', 'seed'],
    state: 'engine',
    warnErrorOptions: '{"error":"all"}',
  });
  const given = ['build', '--no-fail-fast', '--resource-type', 'test', '--state', 'flag', '--write-json'];
  expect((await taken(given, env, ofProject)).flags).toMatchObject({
    failFast: false,
    resourceType: ['test'],
    state: 'flag',
    writeJson: true,
  });
  expect((await taken(['build'], { DBT_ENGINE_STATE: '', DBT_STATE: 'dbt' })).flags).toMatchObject({ state: 'dbt' });
  const unsaid = (await taken(['build'], {}, { state: 'file', fail_fast: null })).flags;
  expect([unsaid['state'], unsaid['failFast']]).toEqual([undefined, undefined]);
  expect((await taken(['build'], { DBT_DEBUG: '1' })).all).toMatchObject({ logLevel: 'debug' });
  expect((await taken(['build', '--debug', '--log-level', 'warn'])).all).toMatchObject({ logLevel: 'warn' });
  for (const [flag, variables] of [
    ['--use-colors', { FORCE_COLOR: '1' }],
    ['--no-use-colors', { NO_COLOR: '1' }],
  ] as const) {
    const process = { NO_COLOR: 'x', FORCE_COLOR: 'x' };
    await taken(['build', flag], process);
    expect(process).toEqual(variables);
  }
  await expect(taken(['build'], { DBT_FAIL_FAST: 'maybe' })).rejects.toThrow('DBT_FAIL_FAST must be true or false');
  await expect(taken(['build'], { DBT_RESOURCE_TYPES: 'tables' })).rejects.toThrow('DBT_RESOURCE_TYPES must be one of');
});

test('what has no meaning here is refused with what to use', async () => {
  for (const [line, hint] of [
    ['compile --empty', 'lens build --empty'],
    ['run --sample 3', '--to-time'],
    ['run --event-time-start 2026-01-01', 'lens run --full-refresh'],
    ['compile --no-inject-ephemeral-ctes', 'lens compile NAME'],
    ['test --favor-state', 'lens plan --diff'],
    ['show --inline-direct x', 'lens query'],
    ['seed -r x', 'lens explain'],
  ] as const) {
    await expect(taken(line.split(' ')), line).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining(hint) as string,
    });
  }
  expect((await taken(['run'], { DBT_DEFER: '1' })).remarks).toEqual([]);
  await expect(taken(['run'], { DBT_SAMPLE: '3' })).rejects.toMatchObject({ code: 'USAGE' });
  expect((await taken(['run'], { DBT_EMPTY: '1' })).flags).toMatchObject({ empty: true });
  expect((await taken(['run', '--no-empty', '--no-favor-state'])).remarks).toEqual([]);
  await expect(taken(['debug', '--no-connection'])).rejects.toThrow('unknown option');
});

test('of which types resources are', () => {
  const of = (flags: TypeFlags): readonly string[] => typesOf(flags, ['model', 'test']);
  for (const word of ['all', 'default']) expect(of({ resourceType: [word] })).toEqual(['model', 'test']);
  expect([of({ resourceTypes: ['model'] }), of({ excludeResourceTypes: ['model'] })]).toEqual([['model'], ['test']]);
});

test('which warnings are errors', () => {
  expect(isError('LogTestResult', {})).toBe(false);
  expect(isError('LogTestResult', { warnError: true })).toBe(true);
  const options = (warnErrorOptions: string) => ({ warnErrorOptions });
  expect(isError('project', options('{"error": "all", "warn": ["LogTestResult"]}'))).toBe(true);
  expect(isError('LogTestResult', options('{include: all, exclude: [LogTestResult]}'))).toBe(false);
  expect(isError('NothingToDo', options('{error: [NothingToDo], silence: [project]}'))).toBe(true);
  expect(isError('project', options('{error: "*", silence: [project]}'))).toBe(false);
  expect(isError('NothingToDo', options('{error: "*", silence: [project]}'))).toBe(true);
  expect(isError('project', options('{error: [NothingToDo]}'))).toBe(false);
  for (const wrong of ['[', '3', '{errors: all}', '{error: [3]}']) {
    expect(() => isError('project', options(wrong)), wrong).toThrow('--warn-error-options');
  }
  expect(() => isError('project', { warnError: true, ...options('{}') })).toThrow('exclude each other');
});

test('flags of the process count: warnings as errors, types, profiles, the version that is asked for', async () => {
  const dir = projectFolder({
    'dbt_project.yml': 'name: lab\nversion: 0.1.0\nprofile: lab\nrequire-dbt-version: ">=9.0.0"\n',
    'elsewhere/profiles.yml': 'lab: {target: dev, outputs: {dev: {type: duckdb, schema: far}}}\n',
    'models/a.sql': 'select 1 as n',
    'models/m.yml': 'models: [{name: a, columns: [{name: n, data_tests: [unique]}]}, {name: gone, description: x}]\n',
  });
  const flags = ['--project-dir', dir, '--data-dir', `${dir}/data`];
  const call = (line: string): Promise<LensResult> => lens([...line.split(' '), ...flags]);
  const far = `--profiles-dir ${dir}/elsewhere`;
  expect((await call('ls')).stderr).toContain('This version of dbt is not supported');
  const listed = await call(`--no-version-check ls ${far} --output json --output-keys name schema`);
  expect(listed.stdout.split('\n').slice(0, 1)).toEqual(['{"name": "a", "schema": "far"}']);
  const strict = await call('--no-version-check --warn-error ls');
  expect([strict.code, strict.stderr]).toEqual([2, expect.stringContaining('gone') as string]);
  const built = await call('--no-version-check build --resource-type model --warn-error-options {error:[NothingToDo]}');
  expect(built.stdout).toContain('Done. PASS=1 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=1');
  const nothing = await call(
    '--no-version-check build --exclude-resource-type model test --warn-error-options {error:[NothingToDo]}',
  );
  expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('Nothing to do') as string]);
});

test('each command of dbt does something, or says what to use', async () => {
  const dir = projectFolder({
    'dbt_project.yml': 'name: lab\nversion: 0.1.0\n',
    'packages.yml': 'packages: [{package: dbt-labs/dbt_utils, version: 1.3.0}, {local: own}]\n',
    'own/dbt_project.yml': 'name: own\nversion: 2.0.0\n',
    'seeds/s.csv': 'n\n1\n',
    'models/a.sql': "select n from {{ ref('s') }}",
  });
  const call = (line: string): Promise<LensResult> =>
    lens([...line.split(' '), '--project-dir', dir, '--data-dir', `${dir}/data`]);
  const file = (name: string): Record<string, Record<string, { compiled_code?: string }>> =>
    JSON.parse(readFileSync(path.join(dir, 'target', name), 'utf8')) as ReturnType<typeof file>;
  const parsed = await call('parse');
  expect([parsed.code, parsed.stdout]).toEqual([0, 'Found 1 model, 1 seed, 0 sources, 0 data tests\n']);
  expect(parsed.stderr).toContain('the package dbt-labs/dbt_utils is not in dbt_packages');
  expect(Object.keys(file('manifest.json')['nodes'] ?? {})).toEqual(['model.lab.a', 'seed.lab.s']);
  expect((await call('parse --warn-error')).code).toBe(2);
  const deps = await call('deps');
  expect([deps.code, deps.stdout]).toEqual([2, 'own 2.0.0 is in own\n']);
  expect(deps.stderr).toContain('hint: packages are not fetched here: dbt deps does');
  expect((await call('snapshot')).code).toBe(0);
  writeFileSync(path.join(dir, 'models/snap.yml'), 'snapshots: [{name: old, relation: "ref(\'a\')"}]\n');
  for (const line of ['snapshot', 'clone --state x']) {
    const refused = await call(line);
    expect([refused.code, refused.stderr], line).toEqual([
      2,
      expect.stringMatching(/^error USAGE: lens \S+.* is not there: .*\n {2}hint: .+/) as string,
    ]);
  }
  const created = await call('init lab_2');
  expect([created.code, created.stdout]).toEqual([
    0,
    expect.stringMatching(/^Your new project "lab_2" was created!\n/),
  ]);
  const quickstart = readFileSync(new URL('../../docs/quickstart.md', import.meta.url), 'utf8');
  for (const [name, text] of newProjectFiles('hello')) {
    expect(readFileSync(path.join(dir, 'lab_2', name), 'utf8')).toBe(text.replaceAll('hello', 'lab_2'));
    if (name === 'orders.jsonl' || name === '.gitignore') continue;
    const shown = new RegExp(
      `\`hello/${name.replaceAll('.', '\\.')}\`[^\`]*(?:\`[^\`]+\`[^\`]*)*\`\`\`\\w*\\n([^]*?)\`\`\``,
    ).exec(quickstart)?.[1];
    expect(shown, name).toBe(text);
  }
  const own = ['--project-dir', `${dir}/lab_2`, '--data-dir', `${dir}/lab_2/.lens`];
  expect((await lens(['produce', 'orders', `${dir}/lab_2/orders.jsonl`, ...own])).code).toBe(0);
  const built = await lens(['build', ...own]);
  expect([built.code, built.stdout]).toEqual([0, expect.stringContaining('PASS=4')]);
  const dry = await lens(['build', '--empty', '-f', '--project-dir', `${dir}/lab_2`, '--data-dir', `${dir}/none`]);
  expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('Done. PASS=4')]);
  expect(existsSync(`${dir}/none`)).toBe(false);
  for (const line of ['init lab_2', 'init 2nd']) expect((await call(line)).code, line).toBe(2);
  // a model over a seed has a page, and the catalog what is selected
  await call('run');
  expect((await call('docs generate --select a --no-compile --static')).code).toBe(0);
  expect(Object.keys(file('catalog.json')['nodes'] ?? {})).toEqual(['model.lab.a']);
  expect(file('manifest.json')['nodes']?.['model.lab.a']?.compiled_code).toBeUndefined();
  expect(existsSync(path.join(dir, 'target/static_index.html'))).toBe(true);
});
