import { existsSync } from 'node:fs';
import type { Settings } from '../core/settings.ts';
import { skipped, testStart } from '../materializer/nodes/data-test-outcome.ts';
import type { NodeProgress, NodeResult, TestSummary } from '../materializer/nodes/node-results.ts';
import { liveFile } from '../materializer/editions-file.ts';
import type { WarehouseReads } from '../materializer/operations.ts';
import { found } from '../materializer/nodes/run-data-tests.ts';
import { runUnitTests } from '../materializer/unit-tests/run-unit-tests.ts';
import type { Project } from '../project/project-contract.ts';
import { withWarehouseReads } from '../service/hold-warehouse.ts';
import { openCatalog } from '../service/open-project.ts';
import { hooksCounted, withHooks } from './command-hooks.ts';
import { noticePrinter } from './event-printer.ts';
import { interruption } from './interruption.ts';
import { type NodeCommand, type NodeFlags, type NodesDone, NOTHING_DONE } from './node-command.ts';
import { progressPrinter } from './node-lines.ts';
import { type TypeFlags, typesOf } from './type-flags.ts';
import { counted } from './numbers.ts';

export interface TestFlags extends NodeFlags, TypeFlags {
  readonly storeFailures?: boolean;
}

/** `lens test`: runs the selected unit tests, and data tests over what is stored. */
export async function testNodes(flags: TestFlags, nodes: NodeCommand): Promise<void> {
  const { settings, output } = nodes.invocation;
  const run = new TestRun(nodes, flags);
  if (run.isEmpty) nodes.end(NOTHING_DONE);
  else if (run.isOfUnitTests && !hooksRun(nodes)) nodes.end(await run.unitTests());
  else {
    const all = (operations: WarehouseReads): Promise<NodesDone> => {
      run.begin();
      const work = (): Promise<NodesDone> => (run.isOfUnitTests ? run.unitTests() : run.all(operations));
      return withHooks(operations, nodes, [...run.chosen], run.printing, work, (results) => run.done(results));
    };
    const done = await withWarehouseReads(settings, noticePrinter(output), all);
    nodes.end({ ...done, what: `${hooksCounted(done.results)}${done.what}` });
  }
}

/** Whether hooks are run around unit tests, which need no warehouse themselves. */
function hooksRun({ project, invocation: { settings, output } }: NodeCommand): boolean {
  if (project.operations.length === 0) return false;
  if (existsSync(liveFile(settings.dataDir))) return true;
  output.notice('on-run-start and on-run-end hooks are not run: there is no warehouse yet');
  return false;
}

/** The unit tests, which need no warehouse, then the data tests. */
class TestRun {
  readonly #flags: TestFlags;
  readonly #project: Project;
  readonly #settings: Settings;
  /** Unique ids. */
  readonly chosen: ReadonlySet<string>;
  /** Without a selection the data tests are those of the project by which the warehouse is kept. */
  readonly #selects: boolean;
  readonly #warnError: boolean;
  readonly #signal = interruption();
  readonly printing: (progress: NodeProgress) => void;
  #begun = false;
  readonly #started = performance.now();

  constructor(nodes: NodeCommand, flags: TestFlags) {
    this.#flags = flags;
    this.#settings = nodes.invocation.settings;
    this.#project = nodes.project;
    this.#warnError = nodes.warnError;
    this.chosen = new Set(nodes.selected(typesOf(flags, ['test', 'unit_test'])).map(({ uniqueId }) => uniqueId));
    this.#selects = nodes.selects;
    this.printing = progressPrinter(nodes.console);
  }

  get isEmpty(): boolean {
    return this.chosen.size === 0;
  }

  get isOfUnitTests(): boolean {
    return this.#project.unitTests.filter(({ uniqueId }) => this.chosen.has(uniqueId)).length === this.chosen.size;
  }

  /** Says what there is, once. */
  begin(): void {
    if (!this.#begun) this.printing(found(this.#project));
    this.#begun = true;
  }

  async unitTests(): Promise<NodesDone> {
    return this.done(await this.#runUnitTests());
  }

  async all(operations: WarehouseReads): Promise<NodesDone> {
    const units = await this.#runUnitTests();
    if (this.#signal.aborted) return this.done(units);
    const { failFast, storeFailures } = this.#flags;
    const own = this.#project.tests.filter(({ uniqueId }) => this.chosen.has(uniqueId));
    if (failFast === true && units.some(({ status }) => status === 'fail' || status === 'error')) {
      return this.done([...units, ...own.map((test) => skipped(testStart(test), 'Skipping due to fail_fast'))]);
    }
    const summary = await operations.test({
      tests: this.#selects ? own.map(({ uniqueId }) => uniqueId) : undefined,
      failFast,
      warnError: this.#warnError,
      storeFailures,
      signal: this.#signal,
      onProgress: (news) => {
        if (news.kind === 'begin' || news.kind === 'said') return;
        this.printing({ ...news, index: news.index + units.length, total: news.total + units.length });
      },
    });
    return { ...this.done([...units, ...summary.results]), remarks: remarksOf(summary) };
  }

  #runUnitTests(): Promise<NodeResult[]> {
    this.begin();
    const tests = this.#project.unitTests.filter(({ uniqueId }) => this.chosen.has(uniqueId));
    return runUnitTests(this.#project, openCatalog(this.#settings), tests, {
      signal: this.#signal,
      failFast: this.#flags.failFast,
      onProgress: (news) => this.printing('total' in news ? { ...news, total: this.chosen.size } : news),
    });
  }

  done(results: readonly NodeResult[]): NodesDone {
    const milliseconds = performance.now() - this.#started;
    return { results, milliseconds, interrupted: this.#signal.aborted, what: whatOf(results), remarks: [] };
  }
}

/** `3 data tests, 2 unit tests` */
function whatOf(results: readonly NodeResult[]): string {
  const units = results.filter(({ resourceType }) => resourceType === 'unit_test').length;
  const tests = results.length - units;
  const parts = [
    tests > 0 || units === 0 ? counted(tests, 'data test') : null,
    units > 0 ? counted(units, 'unit test') : null,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** How far behind what was tested is. */
function remarksOf({ lag, logProblem, results }: TestSummary): string[] {
  const log =
    lag === null
      ? [`how far the warehouse is behind the log is not known: ${logProblem ?? 'it does not answer'}`]
      : lag > 0
        ? [
            `the warehouse is ${counted(lag, 'record')} behind the log, and was tested as it is; lens build catches up first`,
          ]
        : [];
  return [...log, ...new Set(results.flatMap(({ remarks }) => remarks))];
}
