import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { ephemeralValue, relationValue, type Resolver } from './dbt-context.ts';
import type { Dependencies, Materialized, RelationNaming } from './project-contract.ts';

/** What ref() and source() need to know of a project. */
export interface ReferenceTable {
  model(
    name: string,
  ):
    | { readonly name: string; readonly schema: string; readonly alias: string; readonly materialized: Materialized }
    | undefined;
  source(sourceName: string, name: string): { readonly table: string; readonly schema: string } | undefined;
  readonly modelNames: readonly string[];
  /** `SOURCE.NAME` of each source table. */
  readonly sourceNames: readonly string[];
  /** Names a ref may not have, with the reason: disabled models, seeds, snapshots. */
  readonly left: ReadonlyMap<string, string>;
}

/** Resolves what a template refers to, and remembers it in order of first use. */
export class ReferenceCapture implements Resolver {
  readonly #table: ReferenceTable;
  readonly #naming: RelationNaming;
  readonly #models = new Set<string>();
  readonly #sources = new Set<string>();

  constructor(table: ReferenceTable, naming: RelationNaming) {
    this.#table = table;
    this.#naming = naming;
  }

  get dependsOn(): Dependencies {
    return { models: [...this.#models], sources: [...this.#sources] };
  }

  ref(name: string): ReturnType<Resolver['ref']> {
    const model = this.#table.model(name);
    if (model === undefined) throw unknownModel(name, this.#table);
    this.#models.add(name);
    if (model.materialized === 'ephemeral') return ephemeralValue(name);
    return relationValue({ kind: 'model', name, schema: model.schema, identifier: model.alias }, this.#naming);
  }

  source(sourceName: string, table: string): ReturnType<Resolver['source']> {
    const full = `${sourceName}.${table}`;
    const source = this.#table.source(sourceName, table);
    if (source === undefined) {
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
    return relationValue({ kind: 'source', name: full, schema: source.schema, identifier: source.table }, this.#naming);
  }
}

/** MODEL_UNKNOWN_REF for a name that no enabled model has. */
export function unknownModel(name: string, table: Pick<ReferenceTable, 'left' | 'modelNames'>): LensError {
  const why = table.left.get(name);
  if (why !== undefined)
    return new LensError('MODEL_UNKNOWN_REF', `there is no model ${name}: ${why}`, {
      hint: 'refer to a model that is run',
    });
  const near = closestName(name, table.modelNames);
  return new LensError('MODEL_UNKNOWN_REF', `there is no model ${name}`, {
    hint: near === undefined ? 'a model is named after its .sql file' : `did you mean ${near}?`,
  });
}
