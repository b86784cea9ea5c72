import { mergeConfig, type Config } from './config-tree.ts';
import { readSeverity, readTestConfig } from './data-test-config.ts';
import { withEphemerals, type ModelAccess } from './compile.ts';
import type { TemplateNames } from './dbt-context.ts';
import { atAnyRun, atItsRun, testRun, type RunMoment } from './run-moment.ts';
import { relationValue } from './relation-values.ts';
import type { Template } from './jinja/template.ts';
import { fromJs, type Value } from './jinja/values.ts';
import { parseFile } from './macro-library.ts';
import { isEnabled, tagsOf } from './model-files.ts';
import type { DataTest, Dependencies, FailuresTable, Relation, RelationNaming } from './project-contract.ts';
import { pathIn, type ProjectPart } from './project-part.ts';
import {
  Interview,
  questionOf,
  WaitingQuestion,
  withAnswers,
  withoutWaiting,
  type Answers,
  type AskedRows,
  type Question,
} from './questions.ts';
import { ReferenceCapture, type ReferenceTable } from './references.ts';
import { qualified } from './relation-naming.ts';
import type { TemplateEngine } from './template-engine.ts';
import { isYamlRecord } from './yaml-file.ts';
import { LensError, messageOf } from '../core/errors.ts';

/** What tests need to render themselves. */
export interface TestSurroundings {
  readonly references: ReferenceTable;
  readonly answers: Answers;
  /** Renders models for the ephemeral ones a test reads. */
  models(naming: RelationNaming): ModelAccess;
}

/** What a test is, before it has been rendered. */
export interface TestDefinition {
  readonly part: ProjectPart;
  readonly name: string;
  /** At most 63 characters: the name of its file and table. */
  readonly shortName: string;
  readonly uniqueId: string;
  readonly packageName: string;
  readonly testName: string | null;
  readonly testPackage: string | null;
  readonly description: string;
  /** Unique ids of the docs blocks in it. */
  readonly docBlocks: readonly string[];
  readonly kind: 'generic' | 'singular';
  readonly path: string;
  /** Project, folders, name: what the tree of dbt_project.yml matches. */
  readonly fqn: readonly string[];
  /** As errors name it. */
  readonly place: string;
  readonly target: Relation | null;
  readonly columnName: string | null;
  /** The template that gives the failing rows: the file, or the call of the generic test. */
  readonly template: Template;
  /** The file, or dbt's call of the generic test. */
  readonly rawSql: string;
  /** Of the column and the source it is on. They are tags of the test, and no configuration of it. */
  readonly columnTags: readonly string[];
  readonly describedAt: string | null;
  readonly declared: Config;
  /** dbt_project.yml and the yml file, as they are written. */
  readonly written: Config;
  /** What the project configures for a test of a package. */
  readonly imposed: Config;
  /** Arguments of a generic test as the yml file has them, `column_name` among them. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

const RESULT = parseFile('{{ get_test_sql(main_sql, fail_calc, warn_if, error_if, limit) }}', 'result of a data test');

/**
 * Renders the test once, for its dependencies and configuration. Null when it, or what it reads, is not enabled; a sentence
 * when it uses or reads what is not run.
 */
export function makeTest(definition: TestDefinition, surroundings: TestSurroundings): MadeTest | LeftTest | null {
  if (!isEnabled(definition.declared)) return null;
  const capture = new ReferenceCapture(surroundings.references, qualified, definition.packageName);
  let interview = Interview.first(surroundings.answers);
  let first: RenderedTest | undefined;
  let question: Question | null = null;
  let problem: string | null = null;
  /** Whether its text is another one at each run. */
  let ofItsRun = false;
  try {
    const parsed = (first = renderTest(definition, capture, undefined, testRun()));
    const render = (moment: RunMoment): { sql: string; asked: Interview } => {
      const asked = (interview = Interview.first(surroundings.answers));
      return { sql: renderTest(definition, capture, asked, moment).rendered, asked };
    };
    const settle = (): void => {
      ofItsRun = atItsRun(definition.place, render);
      // a gate is planned once, and asked in every batch
      if (!ofItsRun || !readTestConfig(definition, parsed.config).gate) return;
      interview = atAnyRun(definition.place, render, ({ sql }) => sql).asked;
      ofItsRun = false;
    };
    if (!isEnabled(parsed.config)) return null;
    question = questionOf(settle);
  } catch (error) {
    if (capture.metDisabled) return null;
    const [reason] = capture.left.values();
    if (reason !== undefined)
      return { left: `${definition.place}: the data test ${definition.name} is left out: ${reason}` };
    if (error instanceof LensError && error.code === 'MODEL_NOT_SUPPORTED')
      return { left: `${error.place}: the data test ${definition.name} is left out: ${error.message}` };
    const { askedRows } = interview;
    const waits = error instanceof WaitingQuestion ? error.reason : askedRows.length > 0 ? messageOf(error) : null;
    if (waits !== null) {
      return {
        left: `${definition.place}: the data test ${definition.name} is not rendered yet: ${waits}`,
        asked: askedRows,
      };
    }
    if (first === undefined || !(error instanceof LensError) || error.code !== 'MODEL_RENDER_FAILED') throw error;
    problem = messageOf(error);
  }
  const { config: given, captured, dependsOn } = first;
  const config = readTestConfig(definition, given);
  const { name, uniqueId, packageName, kind, path, place, fqn, target, columnName } = definition;
  const { testName, testPackage, description, docBlocks, arguments: args } = definition;
  const sql = (naming: RelationNaming, storing?: boolean, answers?: Answers): string => {
    const resolver = new ReferenceCapture(surroundings.references, naming, definition.packageName);
    const own = storing === undefined ? definition : { ...definition, declared: storingConfig(definition, storing) };
    const known = new Map([...surroundings.answers, ...(answers ?? [])]);
    const asked = ofItsRun ? Interview.first(known) : Interview.again(interview.answers);
    const moment = ofItsRun ? testRun() : undefined;
    const rendering = answers === undefined ? withAnswers : withoutWaiting;
    const made = rendering(`data test ${name}`, place, () => renderTest(own, resolver, asked, moment));
    return withEphemerals(made.rendered, made.dependsOn, surroundings.models(naming));
  };
  const resultOf = (rows: string, limit: number | null): string => {
    const names: Record<string, Value> = {
      main_sql: rows,
      fail_calc: config.failCalc,
      warn_if: config.warnIf,
      error_if: config.errorIf,
      limit,
    };
    return definition.part.engine.render(RESULT, {
      resolver: null,
      config: { declared: given, captured: {} },
      names,
    });
  };
  const resultSql = (naming: RelationNaming): string => resultOf(sql(naming), config.limit);
  const severity = readSeverity(definition, given);
  const tags = [...new Set([...definition.columnTags, ...tagsOf(given)])].sort();
  const test: DataTest = {
    name,
    uniqueId,
    packageName,
    kind,
    path,
    place,
    fqn,
    testName,
    testPackage,
    arguments: args,
    description,
    docBlocks,
    severity,
    target,
    columnName,
    tags,
    dependsOn,
    config,
    fullConfig: given,
    writtenConfig: { ...definition.written, ...captured },
    rawSql: definition.rawSql,
    describedAt: definition.describedAt,
    failuresTable: () => failuresTable(definition, given, definition.part.engine),
    compiledPath: compiledPath(definition),
    problem,
    sql,
    resultOf,
    resultSql,
  };
  return { test, question, asked: interview.askedRows };
}

/** What a test is configured by when it is said from outside whether it stores its failures. */
function storingConfig({ declared }: TestDefinition, storing: boolean): Config {
  return { ...declared, store_failures: storing };
}

/** Where a test stores its failures: dbt's schema `..._dbt_test__audit`, unless the test is given another. */
function failuresTable(definition: TestDefinition, config: Config, engine: TemplateEngine): FailuresTable {
  const { name, shortName, uniqueId, path, fqn } = definition;
  const node = { name, unique_id: uniqueId, resource_type: 'test', original_file_path: path, fqn, config };
  const names = { lens_custom: fromJs(config['schema'] ?? 'dbt_test__audit'), lens_node: fromJs(node) };
  const template = parseFile('{{ generate_schema_name(lens_custom, lens_node) }}', path);
  const schema = engine.render(template, { resolver: null, config: { declared: config, captured: {} }, names }).trim();
  const alias = config['alias'];
  return { schema, identifier: typeof alias === 'string' ? alias : shortName };
}

/** Generic tests lie in a folder that is named after their yml file. */
function compiledPath({ kind, path, shortName, part: { file } }: TestDefinition): string {
  const own = pathIn(file, path);
  return `${file.name}/${kind === 'generic' ? `${own}/${shortName}.sql` : own}`;
}

/** A test, with what it asks of the warehouse and nobody has answered. */
export interface MadeTest {
  readonly test: DataTest;
  readonly question: Question | null;
  /** The rows of tables that its SQL follows from. */
  readonly asked: readonly AskedRows[];
}

/** Why a test is not run. */
export interface LeftTest {
  readonly left: string;
  /** What it has asked before it could not be rendered with the rows there are. */
  readonly asked?: readonly AskedRows[];
}

interface RenderedTest {
  /** What config() in the test says. */
  readonly captured: Config;
  readonly rendered: string;
  readonly dependsOn: Dependencies;
  readonly config: Config;
}

function renderTest(
  definition: TestDefinition,
  resolver: ReferenceCapture,
  interview?: Interview,
  moment?: RunMoment,
): RenderedTest {
  const { engine } = definition.part;
  const config = { declared: mergeConfig(definition.declared, definition.imposed), captured: {} as Config };
  const names: TemplateNames = { resolver, config, interview, moment, isTest: true, names: {} };
  let bound = names;
  if (definition.target !== null) {
    const args = renderArguments(definition, names, engine);
    bound = { ...names, names: { [MODEL]: targetValue(definition.target, resolver), [ARGUMENTS]: args } };
  }
  const rendered = engine.render(definition.template, bound).trim();
  return {
    rendered,
    dependsOn: resolver.dependsOn,
    config: { ...definition.declared, ...config.captured, ...definition.imposed },
    captured: config.captured,
  };
}

const MODEL = 'lens_test_model';
const ARGUMENTS = 'lens_test_arguments';

/** The call of a generic test, whose macro is named as templates call it. */
export function genericTestTemplate(macro: string, place: string): Template {
  return parseFile(`{{ ${macro}(model=get_where_subquery(${MODEL}), **${ARGUMENTS}) }}`, place);
}

function targetValue(target: Relation, resolver: ReferenceCapture): Value {
  if (target.kind !== 'source')
    return resolver.ref(
      target.ownName ?? target.version?.of ?? target.name,
      null,
      target.version === undefined ? null : String(target.version.v),
    );
  const dot = target.name.indexOf('.');
  resolver.source(target.name.slice(0, dot), target.name.slice(dot + 1));
  return relationValue(target);
}

/** dbt's rule: an argument that looks like one of these calls is one; Jinja in others is rendered; the column is not. */
const CALL = /^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$/;

function renderArguments(definition: TestDefinition, names: TemplateNames, engine: TemplateEngine): Value {
  const render = (value: unknown): Value => {
    if (typeof value === 'string') {
      const source = CALL.test(value) ? `{{ ${value} }}` : value;
      return source.includes('{{') ? engine.value(parseFile(source, definition.place), names) : value;
    }
    if (Array.isArray(value)) return value.map(render);
    if (isYamlRecord(value)) {
      return new Map<Value, Value>(Object.entries(value).map(([key, one]) => [key, render(one)]));
    }
    return fromJs(value);
  };
  return new Map<Value, Value>(
    Object.entries(definition.arguments).map(([key, value]) => [
      key,
      key === 'column_name' ? fromJs(value) : render(value),
    ]),
  );
}
