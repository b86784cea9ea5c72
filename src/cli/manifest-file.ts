import { manifestOf } from '../project/artifacts/manifest.ts';
import type { Project } from '../project/project-contract.ts';
import { artifactMetadata } from './run-results-file.ts';

/**
 * `target/manifest.json`: https://schemas.getdbt.com/dbt/manifest/v12.json
 *
 * @param compiled unique ids of the nodes whose compiled SQL goes in, too
 */
export function manifestJson(project: Project, compiled?: ReadonlySet<string>): Readonly<Record<string, unknown>> {
  return manifestOf(project, { metadata: artifactMetadata('manifest', 12), generatedAt: new Date(), compiled });
}
