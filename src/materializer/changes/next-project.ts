import { settleProject } from '../../maintenance/settle-project.ts';
import { loadProject } from '../../project/load-project.ts';
import type { Project } from '../../project/project-contract.ts';
import { loadTopics, type TopicCatalog } from '../../topics/catalog.ts';
import { inputRelations, inputTables } from '../input-tables.ts';

/** Where a project is read, and with what. */
export interface ProjectSource {
  /** Absolute path of the folder. */
  readonly dir: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly target: { readonly name?: string | undefined; readonly schema?: string | undefined };
  readonly registry?: string | undefined;
}

/** A project with the topics that feed it. */
export interface NextProject {
  readonly project: Project;
  readonly catalog: TopicCatalog;
}

/** Reads it as it is now. Throws what is wrong with it. */
export async function readProject({ dir, vars, target, registry }: ProjectSource): Promise<NextProject> {
  const catalog = loadTopics(dir, { registry });
  const project = await settleProject(
    (answers) => loadProject(dir, { vars, target, answers }),
    (read) => inputRelations(inputTables(catalog, read)),
  );
  return { project, catalog };
}
