import { parseExactJson } from '../../core/exact-json.ts';
import { settleProject } from '../../maintenance/settle-project.ts';
import { loadProject } from '../../project/load-project.ts';
import type { Project } from '../../project/project-contract.ts';
import { loadTopics, type TopicCatalog } from '../../topics/catalog.ts';
import { inputRelations, inputTables } from '../input-tables.ts';

/** Where a project is read, and with what. */
export interface ProjectSource {
  /** Absolute path of the folder. */
  readonly dir: string;
  /** A JSON object, as exact-json.ts reads it. */
  readonly vars: string;
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
  const given = parseExactJson(vars) as Readonly<Record<string, unknown>>;
  const project = await settleProject(
    (answers) => loadProject(dir, { vars: given, target, answers }),
    (read) => inputRelations(inputTables(catalog, read)),
  );
  return { project, catalog };
}
