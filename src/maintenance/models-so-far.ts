import { LensError, messageOf } from '../core/errors.ts';
import { compile, qualified } from '../project/compile.ts';
import type { Model, Project } from '../project/project-contract.ts';
import type { PlanCatalog } from '../warehouse/plan-catalog.ts';
import { contractDifferences } from './model-contracts.ts';

/** What of a project can be made with the answers so far. */
export interface Standing {
  /** Keys of relations whose SQL is not known by now: their models ask something themselves, or read such ones. */
  readonly open: ReadonlySet<string>;
  /** Models that cannot be made with the rows there are, with the reason. */
  readonly waiting: ReadonlyMap<string, string>;
  /** The same by {@link relationKey}. */
  readonly waitingRelations: ReadonlyMap<string, string>;
}

/** One text for a relation; DuckDB's names do not depend on case. */
export function relationKey(schema: string, identifier: string): string {
  return JSON.stringify([schema.toLowerCase(), identifier.toLowerCase()]);
}

/** Makes what can be rendered by now, over empty tables below. */
export async function addModels(catalog: PlanCatalog, project: Project): Promise<Standing> {
  const open = new Set<string>();
  const notRendered = new Set<string>();
  const waiting = new Map<string, string>();
  const waitingRelations = new Map<string, string>();
  /** Models whose SQL follows from rows, by whether the warehouse has been asked for all of them. */
  const fromRows = new Map<string, boolean>();
  for (const model of project.models) {
    const { name, schema, alias, path, dependsOn } = model;
    const known = [
      ...(project.asked.get(name) ?? []).map(({ answer }) => answer.since !== null),
      ...dependsOn.models.flatMap((one) => fromRows.get(one) ?? []),
    ];
    if (known.length > 0) fromRows.set(name, known.every(Boolean));
    const above = dependsOn.models.find((one) => waiting.has(one));
    let why = project.waiting.get(name) ?? (above === undefined ? null : `${path}: it reads ${above}, which waits`);
    if (why === null) {
      const sql = dependsOn.models.some((one) => notRendered.has(one)) ? null : rendered(project, model);
      if (sql === null) {
        notRendered.add(name);
        open.add(relationKey(schema, alias));
      } else if (model.materialized !== 'ephemeral') {
        why = await whyNotMade(catalog, model, sql, fromRows.get(name));
      }
    }
    if (why === null) continue;
    waiting.set(name, why);
    waitingRelations.set(relationKey(schema, alias), why);
  }
  return { open, waiting, waitingRelations };
}

/**
 * Makes a model. Null also where it does not bind and no rows are to blame: the planner tells what is wrong with it.
 *
 * @param asked undefined for a model whose SQL follows from no rows; whether the warehouse has been asked for them
 */
async function whyNotMade(
  catalog: PlanCatalog,
  model: Model,
  sql: string,
  asked: boolean | undefined,
): Promise<string | null> {
  const { schema, alias, path, contract } = model;
  try {
    await catalog.createView(schema, alias, sql);
  } catch (error) {
    return asked === undefined ? null : `${path}: its SQL does not bind with the rows there are: ${messageOf(error)}`;
  }
  if (asked !== false || !contract.enforced) return null;
  const [first] = await contractDifferences(catalog, model, await catalog.describe(sql));
  return first === undefined ? null : `${path}: ${first.reason} with the rows there are: ${first.column}`;
}

/** Null for a model that asks what has not been answered. */
function rendered(project: Project, model: Model): string | null {
  try {
    return compile(project, model, qualified);
  } catch (error) {
    if (error instanceof LensError && error.code === 'MODEL_RENDER_FAILED') return null;
    throw error;
  }
}
