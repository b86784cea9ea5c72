import { qualified } from '../project/compile.ts';
import type { Model, Project } from '../project/project-contract.ts';
import type { CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';
import { nondeterministicCalls } from './analysis/duckdb/nondeterministic-calls.ts';
import type { StabilityOf } from './analysis/duckdb/bound-expression.ts';
import type { NondeterministicCall } from './maintenance-plan.ts';

/** A call in the SQL of a model or of what it reads. */
export interface FoundCall extends NondeterministicCall {
  /** The bound plan tells whether anything reads its value. */
  readonly shown: boolean;
}

/**
 * What gives another value each time in the SQL of each model, and which model has it. Asked of the parsed SQL, since DuckDB
 * fixes some functions when it binds (`current_user`).
 */
export class Nondeterminism {
  readonly #project: Project;
  readonly #catalog: PlanCatalog;
  readonly #stability: StabilityOf;
  readonly #calls = new Map<string, readonly FoundCall[]>();
  /** Names of columns of all that a model may read. */
  readonly #columns = new Set<string>();

  constructor(project: Project, catalog: PlanCatalog, stability: StabilityOf) {
    this.#project = project;
    this.#catalog = catalog;
    this.#stability = stability;
  }

  addColumns(columns: readonly CatalogColumn[]): void {
    for (const { name } of columns) this.#columns.add(name.toLowerCase());
  }

  /** Of a model, and of the views and ephemeral models that it reads; those must have been asked for before. */
  async of(model: Model): Promise<readonly FoundCall[]> {
    const sql = this.#project.renderer.model(model, qualified);
    const unstable = (fn: string): boolean => this.#stability(fn) !== 'stable';
    const own = nondeterministicCalls(await this.#catalog.parsed(sql), unstable, (name) => this.#columns.has(name));
    const through = model.dependsOn.models
      .filter((name) => ['view', 'ephemeral'].includes(this.#project.model(name).materialized))
      .flatMap((name) => this.#calls.get(name) ?? []);
    // what its template has asked of the clock
    const asked = (this.#project.asked.get(model.name) ?? []).flatMap(({ answer: { clock } }) =>
      clock === undefined ? [] : [{ call: clock, shown: false }],
    );
    const found = [...own, ...asked].map((one) => ({ ...one, model: model.name }));
    return this.#keep(model, [...found, ...through]);
  }

  /** Adds what the plan of a model shows and its text does not. */
  alsoBound(model: Model, calls: readonly NondeterministicCall[]): void {
    const known = this.#calls.get(model.name) ?? [];
    if (known.length === 0)
      this.#keep(
        model,
        calls.map((one) => ({ ...one, shown: false })),
      );
  }

  #keep(model: Model, calls: readonly FoundCall[]): readonly FoundCall[] {
    const unique = [...new Map(calls.map((one) => [`${one.model} ${one.call}`, one])).values()];
    this.#calls.set(model.name, unique);
    return unique;
  }
}
