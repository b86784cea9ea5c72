import { exactJson } from '../core/exact-json.ts';
import type { Settings } from '../core/settings.ts';
import type { ProjectSource } from '../materializer/changes/next-project.ts';
import { loadProject } from '../project/load-project.ts';
import { asksNothing } from '../project/questions.ts';
import type { Project } from '../project/project-contract.ts';
import { loadTopics, type TopicCatalog } from '../topics/catalog.ts';

/** Where the settings say that the project is. */
export function projectSource({ projectDir, vars, target, registry }: Settings): ProjectSource {
  return { dir: projectDir, vars: exactJson(vars), target, registry };
}

/**
 * The dbt project of the settings' folder. Topic contracts are read where a template asks for columns, which follow from
 * them; a source without one is no error before its rows are needed.
 */
export async function openProject(settings: Settings): Promise<Project> {
  const { projectDir, vars, target } = settings;
  const isFed = (table: string): boolean => openCatalog(settings).forTable(table) !== undefined;
  const loaded = loadProject(projectDir, { vars, target, isFed });
  if (asksNothing(loaded)) return loaded;
  // DuckDB takes longer to load than most projects to be read
  const { settleProject } = await import('../maintenance/settle-project.ts');
  const { relationsSoFar } = await import('../materializer/input-tables.ts');
  return await settleProject(loaded, (project) => relationsSoFar(openCatalog(settings), project));
}

/** The topic contracts of the settings' folder. */
export function openCatalog(settings: Settings): TopicCatalog {
  return loadTopics(settings.projectDir, { registry: settings.registry });
}
