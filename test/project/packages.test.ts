import { describe, expect, it } from 'vitest';
import { compile, qualified } from '../../src/project/compile.ts';
import { resourceGraph } from '../../src/project/resource-graph.ts';
import { failureOf, projectFolder, projectOf, type Files } from './project-folder.ts';
import { loadProject } from '../../src/project/load-project.ts';

/** A package `kit` as dbt deps installs it. */
const KIT: Files = {
  'dbt_packages/kit/dbt_project.yml': `name: kit
version: 1.2.3
vars: {size: 1, own: kit, kit: {deep: kit}}
models: {kit: {+materialized: table, +schema: parts, +tags: [kit]}}
seeds: {+delimiter: ";"}
`,
  'dbt_packages/kit/macros/say.sql': `
{% macro say(word) %}{{ return(adapter.dispatch('say', 'kit')(word)) }}{% endmacro %}
{% macro default__say(word) %}'{{ word }} of kit'{% endmacro %}
{% macro double(n) %}{{ kit.twice(n) }}{% endmacro %}
{% macro twice(n) %}2 * {{ n }}{% endmacro %}
{% macro size() %}{{ var('size') }}{% endmacro %}
{% test positive(model, column_name) %}select * from {{ model }} where {{ column_name }} <= 0{% endtest %}`,
  'dbt_packages/kit/macros/odd.sql': '{% macro odd() %}{% frobnicate %}{% endmacro %}',
  'dbt_packages/kit/models/parts.sql':
    "select {{ var('size') }} as a, '{{ var('own') }}' as b, '{{ var('deep') }}' as c, {{ twice(2) }} as d",
  'dbt_packages/kit/models/parts.yml':
    'models: [{name: parts, description: "{{ doc(\'parts\') }}", columns: [{name: a, data_tests: [positive]}]}]',
  'dbt_packages/kit/models/d.md': '{% docs parts %}The parts{% enddocs %}',
  'dbt_packages/kit/seeds/codes.csv': 'a\n',
  'packages.yml': 'packages: [{package: maker/kit, version: 1.2.3}]\n',
};

const sqlOf = (files: Files, model = 'm'): string => {
  const project = projectOf({ ...KIT, ...files });
  return compile(project, project.model(model), qualified);
};

describe('an installed package', () => {
  it('has models, seeds, tests and docs of its own, with its own configuration', () => {
    const project = projectOf({
      ...KIT,
      'models/m.sql': "select * from {{ ref('parts') }}, {{ ref('kit', 'codes') }}",
    });
    expect(project.packages).toEqual([{ name: 'kit', version: '1.2.3', folder: 'dbt_packages/kit' }]);
    expect(project.model('parts')).toMatchObject({
      uniqueId: 'model.kit.parts',
      packageName: 'kit',
      path: 'dbt_packages/kit/models/parts.sql',
      fqn: ['kit', 'parts'],
      schema: 'main_parts',
      materialized: 'table',
      tags: ['kit'],
      description: 'The parts',
    });
    expect(project.seeds).toMatchObject([{ uniqueId: 'seed.kit.codes', delimiter: ';', fqn: ['kit', 'codes'] }]);
    expect(project.tests).toMatchObject([{ name: 'positive_parts_a', packageName: 'kit', testName: 'positive' }]);
    expect(project.tests[0]?.uniqueId).toMatch(/^test\.kit\.positive_parts_a\./);
    expect(compile(project, project.model('m'), qualified)).toBe('select * from "main_parts"."parts", "main"."codes"');
    expect(resourceGraph(project).get('model.kit.parts')).toMatchObject({
      path: 'models/parts.sql',
      patchPath: 'models/parts.yml',
    });
    expect(project.warnings).toEqual([]);
  });

  it('has variables that those of the project override, above and below its name', () => {
    expect(sqlOf({}, 'parts')).toBe("select 1 as a, 'kit' as b, 'kit' as c, 2 * 2 as d");
    const yml = 'name: p\nvars: {own: project, kit: {size: 7}}\n';
    expect(sqlOf({ 'dbt_project.yml': yml }, 'parts')).toBe("select 7 as a, 'project' as b, 'kit' as c, 2 * 2 as d");
    // a macro sees the variables of the template that calls it, as in dbt
    expect(sqlOf({ 'dbt_project.yml': 'name: p\nvars: {size: 3}\n', 'models/m.sql': '{{ kit.size() }}' })).toBe('3');
  });

  it('is configured by the project above all it says itself', () => {
    const yml =
      'name: p\nmodels: {kit: {+materialized: view, parts: {+schema: mine}}}\nseeds: {kit: {+enabled: false}}\ndata_tests: {kit: {+severity: warn}}\n';
    const project = projectOf({ ...KIT, 'dbt_project.yml': yml });
    expect(project.model('parts')).toMatchObject({ materialized: 'view', schema: 'main_mine', tags: ['kit'] });
    expect(project.seeds).toEqual([]);
    expect(project.tests[0]?.severity).toBe('warn');
    expect(project.warnings).toEqual([]);
    const inTemplate = {
      ...KIT,
      'dbt_packages/kit/models/parts.sql': "{{ config(materialized='incremental') }}select 1 as a",
    };
    expect(projectOf({ ...inTemplate, 'dbt_project.yml': yml }).model('parts').materialized).toBe('view');
    expect(projectOf(inTemplate).model('parts').materialized).toBe('incremental');
  });

  it('has macros by its name, found by adapter.dispatch in the order of the project', () => {
    expect(sqlOf({ 'models/m.sql': "{{ kit.say('hi') }} {{ kit.double(3) }}" })).toBe("'hi of kit' 2 * 3");
    const own: Files = {
      'macros/say.sql':
        "{% macro default__say(word) %}'{{ word }} of p'{% endmacro %}{% macro twice(n) %}no{% endmacro %}",
      'models/m.sql': "{{ kit.say('hi') }} {{ kit.double(3) }}",
    };
    // without dispatch: the project goes before the package
    expect(sqlOf(own)).toBe("'hi of p' 2 * 3");
    const order = (names: string): string => `name: p\ndispatch: [{macro_namespace: kit, search_order: ${names}}]\n`;
    expect(sqlOf({ ...own, 'dbt_project.yml': order('[kit, p]') })).toBe("'hi of kit' 2 * 3");
    const failure = failureOf(() => sqlOf({ ...own, 'dbt_project.yml': order('[other]') }));
    expect(failure.message).toMatch(/^adapter.dispatch finds no duckdb__say or default__say in other/);
  });

  it('has its own macros by their own names in its templates, and not in those of the project', () => {
    expect(failureOf(() => sqlOf({ 'models/m.sql': '{{ twice(2) }}' })).message).toMatch(/^'twice' is undefined/);
  });

  it('has tests that are called with or without its name', () => {
    const project = projectOf({
      ...KIT,
      'models/m.sql': 'select 1 as a',
      'models/m.yml': 'models: [{name: m, columns: [{name: a, data_tests: [positive, kit.positive]}]}]',
    });
    const tests = project.tests.filter(({ packageName }) => packageName === 'p');
    expect(tests.map(({ name, testName, testPackage }) => [name, testName, testPackage])).toEqual([
      ['kit_positive_m_a', 'positive', 'kit'],
      ['positive_m_a', 'positive', null],
    ]);
  });

  it('fails what uses a macro whose file cannot be read, and nothing else', () => {
    const project = projectOf({ ...KIT, 'models/m.sql': '{{ kit.odd() }}' });
    expect(project.models.map(({ name }) => name)).toEqual(['parts']);
    expect(project.warnings[0]).toMatch(/^dbt_packages\/kit\/macros\/odd.sql:1: .*so the model m is left out$/);
  });
});

describe('dispatch of dbt itself', () => {
  it('finds overrides of the project', () => {
    const files: Files = {
      'macros/dates.sql': '{% macro default__length(expression) %}own({{ expression }}){% endmacro %}',
      'models/m.sql': "{{ length('a') }} {{ dbt.length('b') }} {{ dbt.concat(['c', 'd']) }}",
    };
    expect(sqlOf(files)).toBe('own(a) own(b) c || d');
  });
});

describe('a package that is not there', () => {
  const ASKED = {
    'packages.yml': 'packages:\n- package: dbt-labs/dbt_utils\n  version: 1.0.0\n- git: https://x.y/z-kit.git\n',
  };

  it('is named once with what to do', () => {
    expect(projectOf({ ...ASKED, 'models/m.sql': 'select 1' }).warnings).toEqual([
      'packages.yml:2: the package dbt-labs/dbt_utils is not in dbt_packages, so it is not used: run dbt deps',
      'packages.yml:4: the package https://x.y/z-kit.git is not in dbt_packages, so it is not used: run dbt deps',
    ]);
  });

  it('is an error where a template calls it', () => {
    const failure = failureOf(() => projectOf({ ...ASKED, 'models/m.sql': "select {{ dbt_utils.star(ref('m')) }}" }));
    expect(failure).toMatchObject({
      code: 'MODEL_RENDER_FAILED',
      place: 'models/m.sql:1',
      message: 'the package dbt_utils is not installed',
      hint: 'run dbt deps, or copy the macros you use into macros/',
    });
  });

  it('is read where it lies when it is local', () => {
    const files = Object.fromEntries(
      Object.entries(KIT).map(([path, text]) => [path.replace('dbt_packages/', 'own/'), text]),
    );
    const project = projectOf({
      ...files,
      'packages.yml': 'packages: [{local: ./own/kit}]',
      'models/m.sql': '{{ kit.twice(1) }}',
    });
    expect(compile(project, project.model('m'), qualified)).toBe('2 * 1');
    expect(project.packages[0]?.folder).toBe('own/kit');
  });

  it('is found elsewhere when packages-install-path says so', () => {
    const files = Object.fromEntries(
      Object.entries(KIT).map(([path, text]) => [path.replace('dbt_packages/', 'deps/'), text]),
    );
    const project = loadProject(
      projectFolder({ ...files, 'dbt_project.yml': 'name: p\npackages-install-path: deps\n' }),
    );
    expect(project.packages.map(({ name }) => name)).toEqual(['kit']);
  });
});

describe('two packages', () => {
  it('may have models and seeds of one name: ref() looks in the project, then in its own package, else names the package', () => {
    const shared = (name: string): Files => ({
      [`dbt_packages/${name}/dbt_project.yml`]: `name: ${name}\nversion: 1.0.0\nmodels: {+schema: ${name}}\nseeds: {+schema: ${name}}\n`,
      [`dbt_packages/${name}/models/base.sql`]: 'select 1 as n',
      [`dbt_packages/${name}/models/shared.sql`]: 'select 1 as n',
      [`dbt_packages/${name}/models/over_${name}.sql`]:
        "select n from {{ ref('base') }}, {{ ref('shared') }}, {{ ref('codes') }}",
      [`dbt_packages/${name}/models/m.yml`]: 'models: [{name: shared, columns: [{name: n, data_tests: [unique]}]}]',
      [`dbt_packages/${name}/seeds/codes.csv`]: 'code\n1\n',
    });
    const files: Files = {
      'dbt_project.yml': 'name: lab\n',
      ...shared('alpha'),
      ...shared('beta'),
      'models/base.sql': 'select 1 as n',
      'models/all_of.sql':
        "select 1 as n from {{ ref('alpha', 'shared') }}, {{ ref('beta', 'shared') }}, {{ ref('base') }}, {{ ref('beta', 'codes') }}",
    };
    const project = projectOf(files);
    const of = (name: string, one = project): string => compile(one, one.model(name), qualified).replaceAll('"', '');
    expect(of('all_of')).toBe('select 1 as n from main_alpha.shared, main_beta.shared, main.base, main_beta.codes');
    expect(of('over_beta')).toBe('select n from main.base, main_beta.shared, main_beta.codes');
    const graph = resourceGraph(project);
    expect(graph.get('model.lab.all_of')?.parents).toEqual([
      'model.alpha.shared',
      'model.beta.shared',
      'model.lab.base',
      'seed.beta.codes',
    ]);
    expect(graph.get('model.beta.shared')).toMatchObject({ name: 'shared', fqn: ['beta', 'shared'] });
    const tests = project.tests.map((test) => [test.uniqueId, test.sql(qualified).includes('"main_beta"."shared"')]);
    expect(tests).toEqual([
      ['test.alpha.unique_shared_n.b21569b309', false],
      ['test.beta.unique_shared_n.b21569b309', true],
    ]);
    const ambiguous = failureOf(() => projectOf({ ...files, 'models/m.sql': "{{ ref('shared') }}" }));
    expect([ambiguous.message, ambiguous.hint]).toEqual([
      "ref('shared') is ambiguous: the packages alpha, beta have one",
      "name the package: ref('alpha', 'shared')",
    ]);
    const flags = 'name: lab\nflags: {require_ref_searches_node_package_before_root: true}\n';
    expect(of('over_beta', projectOf({ ...files, 'dbt_project.yml': flags }))).toContain('from main_beta.base');
    // one that is not enabled is none of them, and of one relation there may be one only
    const off = { ...files, 'dbt_packages/beta/models/shared.sql': '{{ config(enabled=false) }}select 1 as n' };
    expect(failureOf(() => projectOf(off)).message).toMatch(/there is no model shared|is not enabled/);
    const same = {
      ...files,
      'dbt_packages/beta/dbt_project.yml': 'name: beta\nversion: 1.0.0\nmodels: {+schema: alpha}\n',
    };
    expect(failureOf(() => projectOf(same)).message).toContain('main_alpha.base is there twice');
  });
});

it('says what a macro of a package warns of, once', () => {
  const macro = "{% macro old() %}{% do exceptions.warn('old() goes away') %}1{% endmacro %}";
  const project = projectOf({
    'packages.yml': 'packages: [{local: w}]',
    'dbt_packages/w/dbt_project.yml': 'name: w',
    'dbt_packages/w/macros/old.sql': macro,
    'models/m.sql': 'select\n{{ w.old() }} as a',
  });
  expect(project.warnings).toEqual(['models/m.sql:2: old() goes away']);
  expect(compile(project, project.model('m'), qualified)).toBe('select\n1 as a');
});
