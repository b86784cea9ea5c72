import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import { compile, qualified } from '../../project/compile.ts';
import { configWithEffect } from '../../project/fingerprint.ts';
import { largeAsText } from '../../core/numbers.ts';
import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { text } from '../../warehouse/sql.ts';

/**
 * What a model was when its table was built, as JSON in `lens.model_definitions`: all that its fingerprint is made of, so that
 * a change can be told and not only noticed.
 */
export interface ModelDefinition {
  readonly materialized: string;
  readonly schema: string;
  readonly identifier: string;
  /** Compiled, with its relations by schema and name. */
  readonly sql: string;
  /** As far as rows may follow from it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly strategy: MaintenancePlan['strategy'];
  readonly upkeep: MaintenancePlan['upkeep'];
  readonly key: readonly string[];
  readonly checkedKey: readonly string[];
  /** Why it is not kept by keys in the batch; nothing follows from it. */
  readonly reason: string | null;
}

export function definitionOf(project: Project, plan: MaintenancePlan): ModelDefinition {
  const model = project.model(plan.model);
  const { columns, strategy, upkeep, key, checkedKey, constraints, reason } = plan;
  const checked = constraints.length > 0 ? { constraints: constraints.map(({ text }) => text) } : {};
  return {
    materialized: model.materialized,
    schema: plan.relation.schema,
    identifier: plan.relation.identifier,
    sql: compile(project, model, qualified),
    // in the form in which it comes back from the warehouse
    config: JSON.parse(JSON.stringify({ ...configWithEffect(model), ...checked }, largeAsText)) as Record<
      string,
      unknown
    >,
    columns,
    strategy,
    upkeep,
    key,
    checkedKey,
    reason,
  };
}

/** Of all models, as they were when the warehouse was last opened with a project. */
export async function readDefinitions(connection: Connection): Promise<Map<string, ModelDefinition>> {
  const rows = await connection.rows<{ model: string; definition: string }>(
    'select model, definition from lens.model_definitions',
  );
  return new Map(rows.map(({ model, definition }) => [model, JSON.parse(definition) as ModelDefinition]));
}

/** Makes the definitions those of the models, as far as they differ, inside the caller's transaction. */
export async function writeDefinitions(
  connection: Connection,
  definitions: ReadonlyMap<string, ModelDefinition>,
): Promise<void> {
  const before = await readDefinitions(connection);
  const isSame = (model: string): boolean =>
    JSON.stringify(before.get(model)) === JSON.stringify(definitions.get(model));
  const same = [...before.keys()].filter(isSame).map(text);
  const differ = [...definitions].filter(([model]) => !isSame(model));
  if (same.length < before.size) {
    await connection.run(
      `delete from lens.model_definitions where not list_contains([${same.join(', ')}]::varchar[], model)`,
    );
  }
  if (differ.length === 0) return;
  const rows = differ.map(([model, definition]) => `(${text(model)}, ${text(JSON.stringify(definition))})`);
  await connection.run(`insert into lens.model_definitions values ${rows.join(', ')}`);
}
