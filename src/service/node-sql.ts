import type { Settings } from '../core/settings.ts';
import type { EventSink } from '../materializer/events.ts';
import { compile, qualified } from '../project/compile.ts';
import type { Project } from '../project/project-contract.ts';
import type { Resource } from '../project/resource-graph.ts';
import { inlineQuery } from './inline-query.ts';

/**
 * The compiled SQL of a model, data test or analysis; empty of all else. What an analysis asks of rows is answered by the warehouse as it is
 * now. MODEL_RENDER_FAILED.
 */
export async function nodeSql(
  settings: Settings,
  project: Project,
  { uniqueId }: Pick<Resource, 'uniqueId'>,
  onEvent: EventSink,
): Promise<string> {
  const of = <T extends { readonly uniqueId: string }>(all: readonly T[]): T | undefined =>
    all.find((one) => one.uniqueId === uniqueId);
  const model = of(project.models);
  if (model !== undefined) return compile(project, model, qualified);
  const analysis = of(project.analyses);
  if (analysis !== undefined) return inlineQuery(settings, project, analysis, onEvent);
  return of(project.tests)?.sql(qualified) ?? '';
}
