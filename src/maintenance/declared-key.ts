import { closestName } from '../core/closest-name.ts';
import { LensError, messageOf } from '../core/errors.ts';
import type { Model } from '../project/project-contract.ts';
import { upkeepConfig } from '../project/upkeep-config.ts';
import type { CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';
import { ident } from '../warehouse/sql.ts';

/** The `unique_key` of a model. */
export interface DeclaredKey {
  /** As columns of the model; empty without a key, and where it is an expression. */
  readonly columns: readonly string[];
  /** As SQL over the model's columns; empty without a key. */
  readonly sql: readonly string[];
}

/**
 * Finds what a `unique_key` means: columns, whatever their case, or as in dbt SQL over them. PROJECT_INVALID when it is neither.
 *
 * @param sql the model's SELECT, which gives `columns`
 */
export async function declaredKey(
  catalog: PlanCatalog,
  model: Model,
  sql: string,
  columns: readonly CatalogColumn[],
): Promise<DeclaredKey> {
  const parts = upkeepConfig(model).uniqueKey;
  const named = parts.map((part) => columns.find(({ name }) => name.toLowerCase() === part.toLowerCase())?.name);
  if (named.every((name) => name !== undefined)) return { columns: named, sql: named.map(ident) };
  const key = parts.map((part, at) => (named[at] === undefined ? `(${part})` : ident(named[at])));
  try {
    await catalog.describe(`select ${key.join(', ')} from (\n${sql}\n)`);
  } catch (error) {
    const missing = parts[named.indexOf(undefined)] as string;
    const near = closestName(
      missing,
      columns.map(({ name }) => name),
    );
    throw new LensError('PROJECT_INVALID', `model ${model.name} has no column ${missing}, which its unique_key names`, {
      place: model.path,
      hint: near === undefined ? messageOf(error).split('\n')[0] : `did you mean ${near}?`,
      cause: error,
    });
  }
  return { columns: [], sql: key };
}
