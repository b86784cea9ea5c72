import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import type { DataTest, Project } from '../../project/project-contract.ts';
import { upkeepConfig } from '../../project/upkeep-config.ts';

/**
 * Columns by which rows of a model may be told apart, the likeliest first: its `unique_key`, what its plan knows to be unique, and
 * what its data tests say is. Whether the rows agree is another question.
 */
export function candidateKeys(project: Project, plan: MaintenancePlan): string[][] {
  const declared = upkeepConfig(project.model(plan.model)).uniqueKey;
  const tested = project.tests
    .filter(({ target }) => target?.kind === 'model' && target.name === plan.model)
    .map(testedColumns);
  const keys = [declared, plan.uniqueKey ? plan.key : [], ...tested].map((key) =>
    key.map((name) => plan.columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.name),
  );
  return keys.filter((key): key is string[] => key.length > 0 && key.every((name) => name !== undefined));
}

function testedColumns({ testName, columnName, arguments: given, config }: DataTest): readonly string[] {
  if (config.where !== null) return [];
  if (testName === 'unique' && columnName !== null) return [columnName];
  const combination = given['combination_of_columns'];
  if (testName !== 'unique_combination_of_columns' || !Array.isArray(combination)) return [];
  return combination.filter((one) => typeof one === 'string');
}
