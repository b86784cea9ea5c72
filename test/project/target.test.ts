import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/project/load-project.ts';
import type { TargetRequest } from '../../src/project/profile.ts';
import { compile, qualified } from '../../src/project/compile.ts';
import { failureOf, projectFolder, type Files } from './project-folder.ts';

const PROFILES = `shop:
  target: "{{ env_var('T', 'local') }}"
  outputs:
    local: {type: duckdb, path: x.duckdb}
    prod: {type: duckdb, schema: "{{ env_var('S', 'live') }}"}
`;
const M: Files = {
  'dbt_project.yml': 'name: p\nprofile: shop\n',
  'models/m.sql': "select '{{ target.name }} {{ target.schema }} {{ target.profile_name }} {{ schema }}'",
};

function sqlOf(files: Files, target?: TargetRequest, env: Record<string, string> = {}): string {
  const dir = projectFolder({ ...M, ...files });
  const project = loadProject(dir, { target, env: { HOME: projectFolder({}), ...env } });
  expect(project.model('m').schema).toBe(project.schema);
  return compile(project, project.model('m'), qualified);
}

describe('the target', () => {
  it('says what of its output is not done', () => {
    const output =
      '{type: duckdb, threads: 4, extensions: [json, httpfs, {name: H3, repo: community}], settings: {memory_limit: 1GB, TimeZone: UTC, default_order: desc}, attach: [{path: x}]}';
    const files = { ...M, 'profiles.yml': `shop:\n  target: a\n  outputs:\n    a: ${output}\n    b: {type: duckdb}\n` };
    const closed = 'the warehouse is opened without access to anything outside of it';
    const warnings = (name: string) => loadProject(projectFolder(files), { target: { name } }).warnings;
    expect(warnings('b')).toEqual([]);
    expect(warnings('a')).toEqual([
      `profiles.yml:4: the extension httpfs is not loaded: ${closed}`,
      `profiles.yml:4: the extension h3 is not loaded: ${closed}`,
      'profiles.yml:4: the setting memory_limit is not made: warehouse.memoryLimit of lens.yml is its place',
      'profiles.yml:4: the setting default_order is not made: models are kept with the same settings everywhere',
      `profiles.yml:4: attach is not used: ${closed}`,
    ]);
  });

  it('is dev in main without a profile, and what is asked for', () => {
    expect(sqlOf({})).toBe("select 'dev main shop main'");
    expect(sqlOf({}, { name: 'ci', schema: 's' })).toBe("select 'ci s shop s'");
  });

  it.each<[string, TargetRequest | undefined, Record<string, string>, string]>([
    ['the one of the profile', undefined, {}, 'local main'],
    ['as the environment has it', undefined, { T: 'prod' }, 'prod live'],
    ['the one that is asked for', { name: 'prod' }, {}, 'prod live'],
    ['with the schema of the output', { name: 'prod' }, { S: 'here' }, 'prod here'],
    ['with the schema that is asked for', { name: 'prod', schema: 'mine' }, {}, 'prod mine'],
  ])('is %s in profiles.yml', (_, asked, env, expected) => {
    expect(sqlOf({ 'profiles.yml': PROFILES }, asked, env)).toBe(`select '${expected} shop ${expected.split(' ')[1]}'`);
  });

  it('is looked for in DBT_PROFILES_DIR, then the project, then ~/.dbt', () => {
    const profile = (schema: string): Files => ({
      'profiles.yml': `shop: {target: t, outputs: {t: {schema: ${schema}}}}\n`,
    });
    const home = projectFolder({ '.dbt/profiles.yml': profile('home')['profiles.yml'] as string });
    const named = projectFolder(profile('named'));
    expect(sqlOf({}, undefined, { HOME: home })).toContain('t home');
    expect(sqlOf(profile('beside'), undefined, { HOME: home })).toContain('t beside');
    expect(sqlOf(profile('beside'), undefined, { HOME: home, DBT_PROFILES_DIR: named })).toContain('t named');
    // a file without the profile of the project says nothing of it
    expect(sqlOf({ 'profiles.yml': 'other: {}\n' })).toContain('dev main');
  });

  it('that the profile does not have is an error', () => {
    expect(failureOf(() => sqlOf({ 'profiles.yml': PROFILES }, { name: 'prd' }))).toEqual({
      code: 'PROJECT_INVALID',
      place: 'profiles.yml:3',
      message: "The profile 'shop' does not have a target named 'prd'.",
      hint: 'did you mean prod?',
    });
  });
});

describe('require-dbt-version', () => {
  const load = (said: string, files: Files = {}): unknown =>
    loadProject(projectFolder({ 'dbt_project.yml': `name: p\nrequire-dbt-version: ${said}\n`, ...files }));

  it.each([
    '">=1.0.0"',
    '[">=1.0.0", "<2.0.0"]',
    '">=1.8.0,<1.12.0"',
    '1.11.16',
    '"=1.11.16"',
    '">=1.11.16"',
    '"<=1.11.16"',
    '">1.11.15"',
    '">=1.11.0-b1"',
  ])('lets %s pass', (said) => {
    expect(load(said)).toBeDefined();
  });

  it.each([
    '"<1.11.16"',
    '[">=1.0.0", "<1.9.0"]',
    '">=2.0.0"',
    '">1.11.16"',
    '"=1.11.0"',
    '1.11.0',
    '">=1.8.0,<1.11.0"',
  ])('refuses %s', (said) => {
    expect(failureOf(() => load(said))).toMatchObject({ code: 'PROJECT_INVALID', place: 'dbt_project.yml:2' });
  });

  it('says what dbt says, of a package, too', () => {
    expect(failureOf(() => load('[">=1.0.0", "<1.9.0"]')).message).toBe(
      "This version of dbt is not supported with the 'p' package.\n  Installed version of dbt: =1.11.16\n  Required version of dbt for 'p': ['>=1.0.0', '<1.9.0']",
    );
    const kit = { 'dbt_packages/kit/dbt_project.yml': 'name: kit\nrequire-dbt-version: "<1.0.0"\n' };
    expect(failureOf(() => load('">=1.0.0"', kit))).toMatchObject({ place: 'dbt_packages/kit/dbt_project.yml:2' });
    expect(failureOf(() => load('soon')).message).toBe('soon is no version of dbt');
  });
});
