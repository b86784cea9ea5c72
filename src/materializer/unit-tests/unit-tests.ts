import { exactJson } from '../../core/exact-json.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LensError } from '../../core/errors.ts';
import { loadProject } from '../../project/load-project.ts';
import { versionedName } from '../../project/node-names.ts';
import type { Project, UnitTest } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { Warehouse } from '../../warehouse/warehouse.ts';
import { runtimeError } from '../nodes/data-test-outcome.ts';
import type { NodeResult, NodeStart } from '../nodes/node-results.ts';
import { BlankEdition } from './blank-edition.ts';
import { EmptyRelations } from './empty-relations.ts';
import { readEventTest } from './event-test.ts';
import { runEventTest } from './event-test-run.ts';
import { invalid } from './fixture.ts';
import { overridesOf, runRowsTest } from './rows-test.ts';
import { projectOf, topicsOf } from './tested-part.ts';

interface RowsDatabase {
  readonly warehouse: Warehouse;
  readonly connection: Connection;
  readonly relations: EmptyRelations;
}

/**
 * Runs unit tests one after another in a temporary folder, on nothing but what they give: neither the warehouse nor the log of the
 * project is looked at. A test that cannot be run is an `error` and ends nothing but itself.
 */
export class UnitTests implements AsyncDisposable {
  readonly #project: Project;
  readonly #catalog: TopicCatalog;
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'lens-unit-tests-'));
  #rows: RowsDatabase | null = null;
  /** The edition of the last event test. */
  #blank: { readonly part: Project; readonly catalog: TopicCatalog; readonly blank: BlankEdition } | null = null;
  #opened = 0;
  readonly #parts = new Map<Project, Map<string, Project>>();
  readonly #others = new Map<string, Project>();

  constructor(project: Project, catalog: TopicCatalog) {
    this.#project = project;
    this.#catalog = catalog;
  }

  async run(test: UnitTest): Promise<NodeResult> {
    const start = unitTestStart(test);
    const startedAt = new Date().toISOString();
    const started = performance.now();
    let compiledCode: string | null = null;
    const ended = (result: Pick<NodeResult, 'status' | 'message' | 'failures'>): NodeResult => ({
      ...start,
      ...result,
      startedAt,
      completedAt: new Date().toISOString(),
      seconds: (performance.now() - started) / 1000,
      rowsChanged: null,
      adapterResponse: result.status === 'error' ? {} : { _message: 'OK' },
      compiledCode,
      compiledPath: compiledPath(test),
      relationName: null,
      remarks: [],
    });
    try {
      const outcome = await this.#outcome(test);
      compiledCode = outcome.compiledCode;
      if (outcome.diff === null) return ended({ status: 'pass', message: null, failures: 0 });
      return ended({
        status: 'fail',
        message: `\n\nactual differs from expected:\n\n${outcome.diff}\n`,
        failures: 1,
      });
    } catch (error) {
      return ended({ status: 'error', message: errorMessage(start, error), failures: null });
    }
  }

  async #outcome(test: UnitTest): Promise<{ compiledCode: string | null; diff: string | null }> {
    if (test.kind === 'events') return { compiledCode: null, diff: await this.#events(test) };
    this.#rows ??= await this.#open();
    return runRowsTest({ project: this.#project, ...this.#rows }, test);
  }

  async #events(test: UnitTest): Promise<string | null> {
    const project = this.#overridden(test);
    const event = readEventTest(project, this.#catalog, test);
    const part = this.#part(project, test.model);
    const named = new Set(event.steps.flatMap(({ records }) => records.map(({ topic }) => topic)));
    const catalog = topicsOf(this.#catalog, part, named);
    const blank = await this.#blankOf(part, catalog);
    const dir = mkdtempSync(path.join(this.#dir, 'events-'));
    try {
      const diff = await runEventTest({ dir, project: part, catalog, blank }, event);
      this.#blank = { part, catalog, blank };
      return diff;
    } finally {
      if (this.#blank === null) await blank[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true });
    }
  }

  /** That of the test before where it was of the same model and topics, and nothing failed in it; taken until a test ends well. */
  async #blankOf(part: Project, catalog: TopicCatalog): Promise<BlankEdition> {
    const before = this.#blank;
    this.#blank = null;
    const topics = (of: TopicCatalog): string => of.contracts.map(({ name }) => name).join('\n');
    if (before !== null && before.part === part && topics(before.catalog) === topics(catalog)) return before.blank;
    await before?.blank[Symbol.asyncDispose]();
    const options = { project: part, catalog, warehouse: { threads: 1, inMemory: true } };
    return BlankEdition.open(path.join(this.#dir, `events-${++this.#opened}.duckdb`), options);
  }

  /** One for all tests of a model, since its plan is made but once. */
  #part(project: Project, model: string): Project {
    const parts = this.#parts.get(project) ?? new Map<string, Project>();
    this.#parts.set(project, parts);
    const part = parts.get(model) ?? projectOf(project, model);
    parts.set(model, part);
    return part;
  }

  /** The project as it is with other variables. */
  #overridden(test: UnitTest): Project {
    const { macros, vars, env } = overridesOf(test);
    if (Object.keys(macros).length > 0) {
      throw invalid(
        test,
        'an event test cannot override macros',
        'unit_tests: can; vars and env_vars can be overridden in both',
      );
    }
    if (Object.keys(vars).length + Object.keys(env).length === 0) return this.#project;
    const key = exactJson([vars, env]);
    const isFed = (table: string): boolean => this.#catalog.forTable(table) !== undefined;
    const options = { vars: { ...this.#project.vars, ...vars }, env: { ...process.env, ...env }, isFed };
    const project = this.#others.get(key) ?? loadProject(this.#project.dir, options);
    this.#others.set(key, project);
    return project;
  }

  async #open(): Promise<RowsDatabase> {
    const warehouse = await Warehouse.open(path.join(this.#dir, 'rows.duckdb'), { threads: 1 });
    const connection = await warehouse.connect();
    return { warehouse, connection, relations: new EmptyRelations(connection, this.#project, this.#catalog) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#blank?.blank[Symbol.asyncDispose]();
      this.#rows?.connection[Symbol.dispose]();
      await this.#rows?.warehouse[Symbol.asyncDispose]();
    } finally {
      rmSync(this.#dir, { recursive: true, force: true });
    }
  }
}

/** A unit test as lines name it: `unit_test fct_orders::counts_twice`. */
export function unitTestStart(test: UnitTest): NodeStart {
  const { uniqueId, declaredModel, path: file } = test;
  const name = versionedName(test);
  const description = `unit_test ${declaredModel}::${name}`;
  return { uniqueId, resourceType: 'unit_test', name, description, path: file };
}

/** Where dbt puts its compiled SQL. */
function compiledPath(test: UnitTest): string {
  const { packageName, path: file } = test;
  return path.posix.join(packageName, file, path.posix.dirname(file), `${versionedName(test)}.sql`);
}

/** In dbt's words: what is wrong with the test itself, or with the SQL that it makes. */
function errorMessage(start: NodeStart, error: unknown): string {
  const { name, path: file } = start;
  if (error instanceof LensError && error.code !== 'QUERY_FAILED') {
    const lines = error.message.split('\n').map((line) => `  ${line}`);
    const hint = error.hint === undefined ? [] : [`  hint: ${error.hint}`];
    return [`Compilation Error in unit_test ${name} (${file})`, ...lines, ...hint].join('\n');
  }
  const what = `An error occurred during execution of unit test '${name}'. There may be an error in the unit test definition: check the data types.`;
  const why = error instanceof Error ? error.message : String(error);
  return runtimeError(start, new Error(`${what}\n${why.replaceAll(/^/gm, ' ')}`));
}
