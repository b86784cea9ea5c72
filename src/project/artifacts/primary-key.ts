import type { DataTest, Model } from '../project-contract.ts';

/**
 * The columns that tell the rows of a model apart, as dbt infers them (`ModelNode.infer_primary_key`): a primary_key
 * constraint, else columns that tests want unique and not null, else those that tests want unique.
 */
export function primaryKey(model: Model, tests: readonly DataTest[]): readonly string[] {
  const constraint = model.contract.constraints.find(({ type }) => type === 'primary_key');
  if (constraint !== undefined) return constraint.columns;
  const column = model.contract.columns.find((one) => one.constraints.some(({ type }) => type === 'primary_key'));
  if (column !== undefined) return [column.name];
  const unique = new Set<string>();
  const present = new Set<string>();
  for (const { target, testName, columnName, arguments: args } of tests) {
    if (target?.kind !== 'model' || target.name !== model.name) continue;
    const combination = args['combination_of_columns'];
    const columns = [columnName, ...(Array.isArray(combination) ? combination : [])].filter(
      (one): one is string => typeof one === 'string',
    );
    const into =
      testName === 'not_null' ? present : /^unique(_combination_of_columns)?$/.test(testName ?? '') ? unique : null;
    for (const one of columns) into?.add(one);
  }
  const both = [...unique].filter((one) => present.has(one));
  return (both.length > 0 ? both : [...unique]).sort();
}
