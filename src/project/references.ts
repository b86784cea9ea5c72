import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import type { Resolver } from './dbt-context.ts';
import type { Value } from './jinja/values.ts';
import { withNames } from './relation-text.ts';
import { ephemeralValue, relationValue } from './relation-values.ts';
import type { Dependencies, Materialized, Relation, RelationNaming } from './project-contract.ts';

/** A model or seed as ref() needs to know it. */
export interface ReferencedNode {
  readonly name: string;
  readonly packageName: string;
  readonly schema: string;
  readonly alias: string;
}

export interface ReferencedModel extends ReferencedNode {
  readonly materialized: Materialized;
}

/** What ref() and source() need to know of a project. */
export interface ReferenceTable {
  model(name: string): ReferencedModel | undefined;
  seed(name: string): ReferencedNode | undefined;
  /** The seed whose table is at a place. */
  seedAt(schema: string, identifier: string): ReferencedNode | undefined;
  /**
   * The name of the model or seed that a part of the project means by what dbt calls it: that of the package that is asked for, else of the project, else of
   * the part itself, else of whichever package has one. PROJECT_INVALID when several have.
   */
  meant(ownName: string, packageName: string | null, from: string | null): string;
  /** Of a model that has versions the name of one; the latest when none is asked for, null when there is none such. Undefined for others. */
  versionOf(name: string, version: string | null): string | null | undefined;
  source(sourceName: string, name: string): { readonly table: string; readonly schema: string } | undefined;
  /** Of models and seeds. */
  readonly modelNames: readonly string[];
  /** dbt's `graph`, made when it is asked for. */
  graph(): Value;
  /** What `adapter.get_relation` finds. */
  relationAt(
    schema: string,
    identifier: string,
  ): { readonly relation: Relation; readonly type: 'table' | 'view' } | undefined;
  /** `SOURCE.NAME` of each source table. */
  readonly sourceNames: readonly string[];
  /** Names a ref may not have, with the reason: disabled models, what is not run. */
  readonly left: ReadonlyMap<string, string>;
  /** Source tables, as `SOURCE.NAME`, that cannot be read, with the reason. */
  readonly leftSources: ReadonlyMap<string, string>;
  /** While models are rendered first, a reference to what is left out is remembered, not an error. */
  readonly remembersLeft: boolean;
  /** Models and seeds that are there and not enabled: a data test that reads one is not enabled either. */
  readonly disabled: ReadonlySet<string>;
  /** Source tables, as `SOURCE.NAME`, that are not enabled, with their place. */
  readonly disabledSources: ReadonlyMap<string, string>;
}

/** Resolves what a template refers to, and remembers it in order of first use. */
export class ReferenceCapture implements Resolver {
  readonly #table: ReferenceTable;
  readonly #naming: RelationNaming;
  readonly #from: string | null;
  readonly #refs = new Set<string>();
  readonly #models = new Set<string>();
  readonly #seeds = new Set<string>();
  readonly #sources = new Set<string>();
  readonly #sourceNames = new Set<string>();
  #metDisabled = false;
  readonly #left = new Map<string, string>();

  /** @param from the package of the template; null for one of none */
  constructor(table: ReferenceTable, naming: RelationNaming, from: string | null = null) {
    this.#from = from;
    this.#table = table;
    this.#naming = naming;
  }

  get dependsOn(): Dependencies {
    return {
      refs: [...this.#refs],
      models: [...this.#models],
      seeds: [...this.#seeds],
      sources: [...this.#sources],
      sourceNames: [...this.#sourceNames],
    };
  }

  /** Whether a reference has failed since what it names is not enabled. */
  get metDisabled(): boolean {
    return this.#metDisabled;
  }

  /** What it referred to that is there and not run, with the reasons. */
  get left(): ReadonlyMap<string, string> {
    return this.#left;
  }

  ref(called: string, packageName: string | null, version: string | null): ReturnType<Resolver['ref']> {
    const found = this.#table.versionOf(called, version);
    if (found === null || (found === undefined && version !== null))
      throw new LensError('MODEL_UNKNOWN_REF', `there is no version ${version} of a model ${called}`, {
        hint: 'versions are declared under versions: in its yml file',
      });
    const name = found ?? this.#table.meant(called, packageName, this.#from);
    const of = <T extends ReferencedNode>(node: T | undefined): T | undefined =>
      packageName === null || node?.packageName === packageName ? node : undefined;
    const model = of(this.#table.model(name));
    const seed = model === undefined ? of(this.#table.seed(name)) : undefined;
    if (seed !== undefined) {
      this.#refs.add(name);
      this.#seeds.add(name);
      return relationValue({ kind: 'seed', name, schema: seed.schema, identifier: seed.alias });
    }
    if (model === undefined) {
      const why = this.#table.left.get(name);
      this.#metDisabled ||= this.#table.disabled.has(name);
      if (why !== undefined && !this.#table.disabled.has(name)) {
        this.#left.set(name, why);
        if (this.#table.remembersLeft) return relationValue({ kind: 'model', name, schema: '', identifier: name });
      }
      throw unknownModel(name, this.#table, packageName);
    }
    this.#refs.add(name);
    this.#models.add(name);
    if (model.materialized === 'ephemeral') return ephemeralValue(name);
    return relationValue({ kind: 'model', name, schema: model.schema, identifier: model.alias });
  }

  graph(): Value {
    return this.#table.graph();
  }

  relationAt(schema: string, identifier: string): ReturnType<Resolver['relationAt']> {
    const found = this.#table.relationAt(schema, identifier);
    return found === undefined ? null : relationValue(found.relation, found.type);
  }

  inSql(text: string): string {
    return withNames(text, (schema, identifier) => this.#table.relationAt(schema, identifier)?.relation, this.#naming);
  }

  source(sourceName: string, table: string): ReturnType<Resolver['source']> {
    const full = `${sourceName}.${table}`;
    const source = this.#table.source(sourceName, table);
    const why = this.#table.leftSources.get(full);
    if (why !== undefined && source !== undefined) {
      this.#left.set(full, why);
      if (!this.#table.remembersLeft) throw new LensError('MODEL_UNKNOWN_REF', why);
    }
    if (source === undefined) {
      const disabledAt = this.#table.disabledSources.get(full);
      if (disabledAt !== undefined) {
        this.#metDisabled = true;
        throw new LensError('MODEL_UNKNOWN_REF', `the source table ${full} is not enabled (${disabledAt})`, {
          hint: 'enable it, or disable what reads it',
        });
      }
      const near = closestName(full, this.#table.sourceNames);
      const [first, second] = near?.split('.') ?? [];
      throw new LensError('MODEL_UNKNOWN_REF', `there is no source table ${full}`, {
        hint:
          near === undefined
            ? 'declare it under sources: in a yml file'
            : `did you mean source('${first}', '${second}')?`,
      });
    }
    this.#sources.add(source.table);
    this.#sourceNames.add(full);
    // a table that a CSV file of the project makes: dbt knows of no such thing, and finds it all the same when it has been seeded
    const seed = this.#table.seedAt(source.schema, source.table);
    if (seed !== undefined) this.#seeds.add(seed.name);
    return relationValue({ kind: 'source', name: full, schema: source.schema, identifier: source.table });
  }
}

/** MODEL_UNKNOWN_REF for a name that no enabled model has. */
export function unknownModel(
  name: string,
  table: Pick<ReferenceTable, 'left' | 'modelNames'>,
  packageName: string | null = null,
): LensError {
  const why = table.left.get(name);
  if (why !== undefined)
    return new LensError('MODEL_UNKNOWN_REF', `there is no model ${name}: ${why}`, {
      hint: 'refer to a model that is run',
    });
  const near = closestName(name, table.modelNames);
  const where = packageName === null ? '' : ` in the package ${packageName}`;
  return new LensError('MODEL_UNKNOWN_REF', `there is no model ${name}${where}`, {
    hint: near === undefined ? 'a model is named after its .sql file' : `did you mean ${near}?`,
  });
}
