import { sqlType } from '../../core/columns.ts';
import { compile, qualified } from '../../project/compile.ts';
import type { Model, Project, Relation } from '../../project/project-contract.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import type { Connection } from '../../warehouse/connection.ts';
import type { CatalogColumn } from '../../warehouse/plan-catalog.ts';
import { ident, qualified as relationName } from '../../warehouse/sql.ts';

/** The relations of a project without rows, made as they are asked for: where unit tests learn names and types of columns. */
export class EmptyRelations {
  readonly #connection: Connection;
  readonly #project: Project;
  readonly #catalog: TopicCatalog;
  readonly #made = new Map<string, Promise<void>>();

  constructor(connection: Connection, project: Project, catalog: TopicCatalog) {
    this.#connection = connection;
    this.#project = project;
    this.#catalog = catalog;
  }

  /** The columns of a relation; null where nobody says what it has. QUERY_FAILED when a model below it does not bind. */
  async columns(relation: Relation): Promise<CatalogColumn[] | null> {
    if (relation.kind === 'model') {
      const model = this.#project.model(relation.name);
      await this.#all(model);
      return this.#connection.describe(compile(this.#project, model, qualified));
    }
    await this.#table(relation);
    const name = relationName(relation.schema, relation.identifier);
    return this.#connection.describe(`select * from ${name}`).catch(() => null);
  }

  /** What a model reads, and views over that all the way down. */
  async #all(model: Model): Promise<void> {
    for (const name of model.dependsOn.models) {
      const read = this.#project.model(name);
      await this.#all(read);
      if (read.materialized !== 'ephemeral') await this.#once(name, () => this.#view(read));
    }
    // a source may be the table of a seed, which has its columns
    for (const seed of this.#project.seeds) {
      if (!model.dependsOn.seeds.includes(seed.name)) continue;
      await this.#table({ kind: 'seed', name: seed.name, schema: seed.schema, identifier: seed.alias });
    }
    for (const source of this.#project.sources) {
      if (model.dependsOn.sourceNames.includes(`${source.sourceName}.${source.name}`)) {
        await this.#table({
          kind: 'source',
          name: `${source.sourceName}.${source.name}`,
          schema: source.schema,
          identifier: source.table,
        });
      }
    }
  }

  async #view(model: Model): Promise<void> {
    const sql = compile(this.#project, model, qualified);
    await this.#connection.run(
      `create schema if not exists ${ident(model.schema)};
       create or replace view ${relationName(model.schema, model.alias)} as\n${sql}`,
    );
  }

  #table(relation: Relation): Promise<void> {
    return this.#once(`${relation.schema}.${relation.identifier}`, async () => {
      const columns = this.#declared(relation);
      if (columns.length === 0) return;
      const list = columns.map(({ name, type }) => `${ident(name)} ${type}`).join(', ');
      await this.#connection.run(
        `create schema if not exists ${ident(relation.schema)};
         create or replace table ${relationName(relation.schema, relation.identifier)} (${list})`,
      );
    });
  }

  /** By the topic's contract, else by the types that the yml file gives. */
  #declared({ kind, name, identifier }: Relation): CatalogColumn[] {
    const contract = this.#catalog.forTable(identifier);
    if (contract !== undefined) {
      return contract.columns.map((column) => ({ name: column.name, type: sqlType(column.type) }));
    }
    const described =
      kind === 'seed'
        ? this.#project.seeds.find((seed) => seed.name === name)
        : this.#project.sources.find((source) => `${source.sourceName}.${source.name}` === name);
    return (described?.columns ?? []).flatMap((column) =>
      column.dataType === null ? [] : [{ name: column.name, type: column.dataType }],
    );
  }

  #once(key: string, make: () => Promise<void>): Promise<void> {
    const made = this.#made.get(key) ?? make();
    this.#made.set(key, made);
    return made;
  }
}
