import type { EventLog } from '../log/event-log.ts';
import { planModels } from '../maintenance/plan-models.ts';
import type { Project } from '../project/project-contract.ts';
import { type TopicCatalog, topicNames } from '../topics/catalog.ts';
import type { Connection } from '../warehouse/connection.ts';
import { readOnlyQuery, type ResultSink } from '../warehouse/read-only-query.ts';
import { Warehouse } from '../warehouse/warehouse.ts';
import { positions } from './checkpoint-publisher.ts';
import { projectAnsweredBy } from './answered-project.ts';
import { askOf } from './models/template-answers.ts';
import type { EventSink } from './events.ts';
import { finishSwap, requireWarehouse } from './editions/edition-swap.ts';
import { type EditionEntry, editionFile, listEditions } from './editions/editions.ts';
import { liveFile } from './editions-file.ts';
import type { ChangePlan } from './changes/change-plan.ts';
import { planChanges } from './changes/change-planner.ts';
import { readProject } from './changes/next-project.ts';
import type { HookRequest, HookResults } from './hooks/hook-contract.ts';
import { hookSession } from './hooks/hook-work.ts';
import { type MacroDone, runMacro } from './hooks/run-macro.ts';
import { runOperations } from './hooks/run-hooks.ts';
import type { MaterializerOptions } from './materializer-options.ts';
import type {
  LagRow,
  OperationRequest,
  PlanRequest,
  QueryEnd,
  QueryOptions,
  WarehouseReads,
  WarehouseStatus,
} from './operations.ts';
import type { TestOptions, TestSummary } from './nodes/node-results.ts';
import { buildableProject } from './buildable-project.ts';
import { inputRelations, relationsSoFar } from './input-tables.ts';
import { runDataTests } from './nodes/run-data-tests.ts';
import { lagRows, warehouseStatus } from './status/status.ts';
import { type UsableProject, usableProject } from './seeds/usable-seeds.ts';
import type { Verification, VerifyOptions } from './verification/verification.ts';
import { verifyWarehouse } from './verification/verify.ts';
import type { WhyAnswer, WhyQuestion } from './lineage/why-contract.ts';
import { why } from './lineage/why.ts';

export interface ReaderOptions extends Pick<MaterializerOptions, 'dataDir' | 'warehouse' | 'group' | 'batch' | 'bulk'> {
  readonly onEvent: EventSink;
  // Asked for when they are needed: a query needs none of them.
  readonly project: () => Promise<Project>;
  readonly catalog: () => TopicCatalog;
  readonly log: () => EventLog;
}

/** Answers from a warehouse as it is: nothing is built or changed, whatever project and settings it is asked with. */
export class WarehouseReader implements WarehouseReads, AsyncDisposable {
  readonly #options: ReaderOptions;
  readonly #warehouse: Warehouse;

  private constructor(options: ReaderOptions, warehouse: Warehouse) {
    this.#options = options;
    this.#warehouse = warehouse;
  }

  /** WAREHOUSE_MISSING when there is none; WAREHOUSE_LOCKED and WAREHOUSE_UNREADABLE as {@link Warehouse.open}. */
  static async open(options: ReaderOptions): Promise<WarehouseReader> {
    requireWarehouse(options.dataDir);
    await finishSwap(options.dataDir, options.warehouse);
    const warehouse = await Warehouse.open(liveFile(options.dataDir), options.warehouse);
    if (warehouse.recovery !== null) options.onEvent({ kind: 'notice', message: warehouse.recovery });
    return new WarehouseReader(options, warehouse);
  }

  async status(): Promise<WarehouseStatus> {
    using connection = await this.#warehouse.connect();
    const { catalog, project, inputs, broken } = await this.#usable(connection);
    const plans = await planModels(project, inputRelations(inputs));
    const topics = topicNames(catalog);
    await using log = this.#options.log();
    const shown = { path: this.#warehouse.path, plans, broken, ...inputs };
    return await warehouseStatus(connection, shown, project, log, topics);
  }

  async lag(): Promise<LagRow[]> {
    await using log = this.#options.log();
    const ends = await log.offsets(topicNames(this.#options.catalog()));
    using connection = await this.#warehouse.connect();
    return lagRows(this.#options.group, ends, await positions(connection));
  }

  async verify(options: VerifyOptions): Promise<Verification> {
    using connection = await this.#warehouse.connect();
    const { catalog, project, inputs } = await this.#usable(connection);
    const plans = await planModels(project, inputRelations(inputs));
    await using log = this.#options.log();
    const work = { ...this.#options, project, catalog, log, plans, ...inputs };
    // nobody keeps it in another way meanwhile
    return await verifyWarehouse(connection, work, options, null, () => undefined);
  }

  async test(options: TestOptions): Promise<TestSummary> {
    using connection = await this.#warehouse.connect();
    const project = await this.#project(connection);
    const catalog = this.#options.catalog();
    const topics = topicNames(catalog);
    const relations = () => relationsSoFar(catalog, project);
    await using log = this.#options.log();
    return await runDataTests({ project, log, topics, relations, connect: () => this.#warehouse.connect() }, options);
  }

  async hooks(request: HookRequest): Promise<HookResults> {
    const project = await this.#options.project();
    await using session = await hookSession(this.#warehouse, project);
    return await runOperations((work) => work(session, project), request);
  }

  async operation(request: OperationRequest): Promise<MacroDone> {
    using connection = await this.#warehouse.connect();
    const project = await this.#project(connection);
    await using session = await hookSession(this.#warehouse, project);
    return await runMacro((work) => work(session, project), project, request);
  }

  async why(question: WhyQuestion): Promise<WhyAnswer> {
    using connection = await this.#warehouse.connect();
    const sources = await this.#usable(connection);
    await using log = this.#options.log();
    return await why(connection, { ...sources, log }, question);
  }

  async plan({ source, ...options }: PlanRequest): Promise<ChangePlan> {
    using connection = await this.#warehouse.connect();
    return await planChanges(connection, await readProject(source, connection), options);
  }

  async editions(): Promise<EditionEntry[]> {
    using connection = await this.#warehouse.connect();
    return await listEditions(this.#options.dataDir, connection);
  }

  async streamQuery(sql: string, options: QueryOptions, sink: ResultSink): Promise<QueryEnd> {
    const { maxRows = 10_000, timeoutMs = 60_000, signal, edition = 'live' } = options;
    const { dataDir, warehouse } = this.#options;
    const other = editionFile(dataDir, edition);
    await using opened = other === null ? null : await Warehouse.openToRead(other, warehouse);
    using connection = await (opened ?? this.#warehouse).connect();
    return await readOnlyQuery(connection, sql, { maxRows, timeoutMs, signal }, sink);
  }

  async #usable(connection: Connection): Promise<UsableProject & { readonly catalog: TopicCatalog }> {
    const catalog = this.#options.catalog();
    return {
      catalog,
      ...(await buildableProject(await usableProject(await this.#project(connection), catalog, connection))),
    };
  }

  /** With the answers that the warehouse keeps of what its templates ask. */
  async #project(connection: Connection): Promise<Project> {
    const sources = { project: await this.#options.project(), catalog: this.#options.catalog() };
    return await projectAnsweredBy(askOf(connection), sources);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#warehouse[Symbol.asyncDispose]();
  }
}
