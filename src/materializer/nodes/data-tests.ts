import { LensError } from '../../core/errors.ts';
import { qualified, withDatabase } from '../../project/relation-naming.ts';
import type { DataTest, Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { qualified as relationName } from '../../warehouse/sql.ts';
import { judged, runtimeError, storedIn, testStart } from './data-test-outcome.ts';
import { type Counted, failuresOf, type StoredIn, storeFailures } from './data-test-query.ts';
import type { NodeResult, TestManner } from './node-results.ts';
import type { RowSource } from '../../maintenance/answer-question.ts';
import { inlineSql } from '../../maintenance/inline-sql.ts';
import type { Answers } from '../../project/questions.ts';
import type { RawRelation } from '../../maintenance/planner.ts';
import { askOf, askRows } from '../models/template-answers.ts';
import { ReadStandings } from '../status/read-standings.ts';

/** What data tests are run with. */
export interface TestWork {
  readonly project: Project;
  /** The tables below its models, for what tests ask when they are rendered. */
  readonly relations: () => readonly RawRelation[];
  /** A connection of its own each time, beside whoever writes; the caller of it closes it. */
  readonly connect: () => Promise<Connection>;
}

/**
 * Runs data tests one after another over what is stored, all in one snapshot but those that store their failures, each of which
 * sees the commit at hand. A test that cannot be run is an `error` and ends nothing but itself.
 */
export class DataTests implements Disposable {
  readonly #work: TestWork;
  readonly #options: TestManner;
  readonly #snapshot: Connection;
  #standings: ReadStandings;
  #signal = new AbortController().signal;

  private constructor(work: TestWork, options: TestManner, snapshot: Connection, standings: ReadStandings) {
    this.#work = work;
    this.#options = options;
    this.#snapshot = snapshot;
    this.#standings = standings;
  }

  static async open(work: TestWork, options: TestManner): Promise<DataTests> {
    const snapshot = await work.connect();
    try {
      await snapshot.run('begin transaction');
      return new DataTests(work, options, snapshot, await ReadStandings.read(snapshot, work.project));
    } catch (error) {
      snapshot[Symbol.dispose]();
      throw error;
    }
  }

  /** Ends the test at hand, and all that follow, once the signal is aborted. */
  interruptOn(signal: AbortSignal): Disposable {
    this.#signal = signal;
    return this.#snapshot.interruptOn(signal);
  }

  /** Where what is tested stands. */
  get standings(): ReadStandings {
    return this.#standings;
  }

  /** The result of one test. Throws only when nothing more can be tested, as with a damaged file. */
  async run(test: DataTest): Promise<NodeResult> {
    const startedAt = new Date().toISOString();
    const began = performance.now();
    const start = testStart(test);
    const remarks = this.#standings.remarks(test.dependsOn.models);
    let compiledCode: string | null = null;
    let table: StoredIn | null = null;
    const ended = (
      result: Pick<NodeResult, 'status' | 'message' | 'failures'>,
      more: readonly string[],
    ): NodeResult => ({
      ...start,
      ...result,
      seconds: (performance.now() - began) / 1000,
      rowsChanged: null,
      startedAt,
      completedAt: new Date().toISOString(),
      adapterResponse: result.status === 'error' ? {} : { _message: 'OK' },
      compiledCode,
      compiledPath: test.compiledPath,
      relationName: table === null ? null : withDatabase(table.schema, table.identifier),
      remarks: [...remarks, ...more],
    });
    try {
      table = storedIn(test, this.#options.storeFailures ?? false);
      compiledCode = await this.#sqlOf(test, table !== null);
      const counted =
        table === null
          ? await failuresOf(this.#snapshot, test.resultOf(compiledCode, test.config.limit))
          : await this.#countStored(test, compiledCode, table);
      return ended(judged(test, counted, this.#options.warnError ?? false), []);
    } catch (error) {
      if (error instanceof LensError && error.code === 'WAREHOUSE_UNREADABLE') throw error;
      const later = await this.#snapshotAgain();
      return ended({ status: 'error', message: runtimeError(start, error), failures: null }, later);
    }
  }

  /** A test may ask another question today than when the project was read, which is answered now. */
  async #sqlOf(test: DataTest, storing: boolean): Promise<string> {
    const { project, relations, connect } = this.#work;
    const rows: RowSource = async (query) => {
      // what fails ends no snapshot
      using connection = await connect();
      return await askRows(askOf(connection), query);
    };
    const render = (answers: Answers): string => test.sql(qualified, storing, answers);
    return await inlineSql(project, render, relations, rows);
  }

  async #countStored(test: DataTest, sql: string, table: StoredIn): Promise<Counted> {
    const { limit } = test.config;
    const rows = limit === null ? sql : `select * from (\n${sql}\n) dbt_limit_subq limit ${limit}`;
    using connection = await this.#work.connect();
    using _interrupting = connection.interruptOn(this.#signal);
    return await connection.transaction(async () => {
      await storeFailures(connection, table, rows);
      const stored = `select * from ${relationName(table.schema, table.identifier)}`;
      return await failuresOf(connection, test.resultOf(stored, null));
    });
  }

  /**
   * Some errors end the transaction, and with it the snapshot. Then the tests go on in a new one; what is to be said when the
   * warehouse has moved meanwhile.
   */
  async #snapshotAgain(): Promise<string[]> {
    const open = await this.#snapshot.run('select 1').then(
      () => true,
      () => false,
    );
    if (open) return [];
    await this.#snapshot.run('rollback');
    await this.#snapshot.run('begin transaction');
    const before = this.#standings;
    this.#standings = await ReadStandings.read(this.#snapshot, this.#work.project);
    return this.#standings.records === before.records
      ? []
      : ['this error ended the snapshot: the tests after it see a later commit'];
  }

  [Symbol.dispose](): void {
    this.#snapshot[Symbol.dispose]();
  }
}
