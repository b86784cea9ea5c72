import { LensError } from '../core/errors.ts';
import type { Model, Project } from '../project/project-contract.ts';
import { type CatalogColumn, PlanCatalog } from '../warehouse/plan-catalog.ts';
import type { MaintenancePlan } from './maintenance-plan.ts';

/** A column in which a model and its contract differ; types as DuckDB writes them, empty where the column is not there. */
export interface ContractDifference {
  readonly column: string;
  readonly definition: string;
  readonly contract: string;
  readonly reason: 'data type mismatch' | 'missing in contract' | 'missing in definition';
}

/** Models, by name, whose columns are not those of their enforced contract, in whatever order: MODEL_CONTRACT_BROKEN, in dbt's words. */
export async function brokenContracts(
  project: Project,
  plans: readonly MaintenancePlan[],
): Promise<Map<string, LensError>> {
  const broken = new Map<string, LensError>();
  const enforced = plans.filter(({ model }) => project.model(model).contract.enforced);
  if (enforced.length === 0) return broken;
  await using catalog = await PlanCatalog.open();
  for (const { model: name, columns } of enforced) {
    const model = project.model(name);
    const differences = await contractDifferences(catalog, model, columns);
    if (differences.length > 0) broken.set(name, contractBroken(model, differences));
  }
  return broken;
}

function contractBroken({ name, path, describedAt }: Model, differences: readonly ContractDifference[]): LensError {
  const message = [
    `model ${name}: This model has an enforced contract that failed.`,
    "Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.",
    '',
    table(differences),
  ];
  return new LensError('MODEL_CONTRACT_BROKEN', message.join('\n'), {
    place: describedAt ?? path,
    hint: 'cast the columns in the SELECT to the types of the contract, or change the contract',
    fields: { model: name, differences, inShort: `its enforced contract failed: ${inShort(differences)}` },
  });
}

/** `amount: data type mismatch (DECIMAL(2,1), not DECIMAL(10,2)); extra: missing in contract` */
function inShort(differences: readonly ContractDifference[]): string {
  const texts = differences.map(({ column, reason, definition, contract }) => {
    const types = reason === 'data type mismatch' ? ` (${definition}, not ${contract})` : '';
    return `${column}: ${reason}${types}`;
  });
  return texts.join('; ');
}

/** In the order of the columns' names. */
export async function contractDifferences(
  catalog: PlanCatalog,
  { contract }: Model,
  columns: readonly CatalogColumn[],
): Promise<ContractDifference[]> {
  const promised = new Map<string, { readonly name: string; readonly type: string }>();
  for (const { name, dataType } of contract.columns) {
    promised.set(name.toLowerCase(), { name, type: await boundType(catalog, dataType ?? '') });
  }
  const differences: ContractDifference[] = [];
  for (const { name, type } of columns) {
    const own = promised.get(name.toLowerCase());
    promised.delete(name.toLowerCase());
    if (own === undefined) {
      differences.push({ column: name, definition: type, contract: '', reason: 'missing in contract' });
    } else if (own.type !== type) {
      differences.push({ column: name, definition: type, contract: own.type, reason: 'data type mismatch' });
    }
  }
  for (const { name, type } of promised.values()) {
    differences.push({ column: name, definition: '', contract: type, reason: 'missing in definition' });
  }
  return differences.sort((a, b) => (a.column < b.column ? -1 : 1));
}

/** A type as DuckDB writes it: `string` is VARCHAR, `decimal` DECIMAL(18,3). One that DuckDB does not know stays as it is. */
async function boundType(catalog: PlanCatalog, type: string): Promise<string> {
  try {
    const [column] = await catalog.describe(`select cast(null as ${type}) as c`);
    return column?.type ?? type;
  } catch {
    return type.toUpperCase();
  }
}

/** dbt's table of them. */
function table(differences: readonly ContractDifference[]): string {
  const rows = [
    ['column_name', 'definition_type', 'contract_type', 'mismatch_reason'],
    ...differences.map(({ column, definition, contract, reason }) => [column, definition, contract, reason]),
  ];
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
}
