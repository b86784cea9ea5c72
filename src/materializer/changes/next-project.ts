import { parseExactJson } from '../../core/exact-json.ts';
import { settleProject } from '../../maintenance/settle-project.ts';
import { loadProject } from '../../project/load-project.ts';
import type { Project } from '../../project/project-contract.ts';
import { loadTopics, type TopicCatalog } from '../../topics/catalog.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { newerAnswers } from '../edition-answers.ts';
import { usableProject } from '../seeds/usable-seeds.ts';
import { askOf, keptOrAsked } from '../models/template-answers.ts';
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

/**
 * Reads it as it is now, with the rows of the warehouse that its templates ask for as they are now. Throws what is wrong with it.
 */
export async function readProject(
  { dir, vars, target, registry }: ProjectSource,
  connection: Connection,
): Promise<NextProject> {
  const catalog = loadTopics(dir, { registry });
  const given = parseExactJson(vars) as Readonly<Record<string, unknown>>;
  const project = await settleProject(
    loadProject(dir, { vars: given, target, isFed: (table) => catalog.forTable(table) !== undefined }),
    (read) => inputRelations(inputTables(catalog, read)),
    keptOrAsked(askOf(connection)),
  );
  if (project.asked.size === 0) return { project, catalog };
  const { whole, broken, inputs } = await usableProject(project, catalog, connection);
  const newer = await newerAnswers({ whole, broken, catalog, ...inputs }, connection, { order: true });
  return { project: newer.whole ?? project, catalog };
}
