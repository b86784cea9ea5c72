import type { Model, Project } from '../../src/project/project-contract.ts';
import { selectResources, type Selection } from '../../src/project/select-resources.ts';

/**
 * The models of a selection, in the project's order. None when it holds none.
 *
 * @param warn is told of criteria that match nothing
 */
export function selectModels(
  project: Project,
  selection: Selection = {},
  warn: (message: string) => void = () => {},
): Model[] {
  const { resources, warnings } = selectResources(project, { ...selection, resourceTypes: ['model'] });
  for (const warning of warnings) warn(warning);
  const ids = new Set(resources.map(({ uniqueId }) => uniqueId));
  return project.models.filter(({ uniqueId }) => ids.has(uniqueId));
}
