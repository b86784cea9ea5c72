import { manifestOf } from '../project/artifacts/manifest.ts';
import type { Project } from '../project/project-contract.ts';
import { artifactMetadata } from './run-results-file.ts';

/**
 * `target/manifest.json`: https://schemas.getdbt.com/dbt/manifest/v12.json
 *
 * @param compiled SQL that goes in, too, by unique id
 */
export function manifestJson(
  project: Project,
  compiled?: ReadonlyMap<string, string>,
): Readonly<Record<string, unknown>> {
  return manifestOf(project, { metadata: artifactMetadata('manifest', 12), generatedAt: new Date(), compiled });
}
