import { LensError } from '../core/errors.ts';
import type { Config } from './config-tree.ts';
import type { Access, ColumnDescription, Constraint, ModelContract } from './project-contract.ts';
import type { Properties } from './properties.ts';
import { pythonText } from './python-text.ts';
import { isYamlRecord } from './yaml-file.ts';

const CONSTRAINTS: readonly string[] = [
  'not_null',
  'unique',
  'primary_key',
  'foreign_key',
  'check',
  'custom',
] satisfies Constraint['type'][];

/** What an incremental model with an enforced contract may say, as in dbt. */
const KEEPING_COLUMNS: readonly unknown[] = ['append_new_columns', 'fail'];

/** `constraints:` of a model or a column. PROJECT_INVALID for a type that dbt does not know. */
export function readConstraints(
  { yaml }: Pick<Properties, 'yaml'>,
  value: unknown,
  at: Properties['at'],
): Constraint[] {
  return yaml.list(value, at).map((entry, i) => {
    const place = [...at, i];
    const data = yaml.record(entry, place);
    const type = yaml.string(data['type'], [...place, 'type']).toLowerCase();
    if (!CONSTRAINTS.includes(type))
      throw yaml.invalid(place, `there is no constraint ${type}`, `use one of ${CONSTRAINTS.join(', ')}`);
    const optional = (key: string): string | null =>
      data[key] === undefined || data[key] === null ? null : yaml.string(data[key], [...place, key]);
    return {
      type: type as Constraint['type'],
      name: optional('name'),
      expression: optional('expression'),
      columns: yaml.strings(data['columns'], [...place, 'columns']),
    };
  });
}

/** The contract of a model. PROJECT_INVALID when it is enforced and a column has no type, none is described, or dbt's rule for incremental models is broken. */
export function modelContract(
  config: Config,
  properties: Properties | undefined,
  columns: readonly ColumnDescription[],
  about: { readonly name: string; readonly place: string },
): ModelContract {
  const enforced = isEnforced(config);
  const untyped = columns.filter(({ dataType }) => dataType === null).map(({ name }) => name);
  if (enforced && (columns.length === 0 || untyped.length > 0)) {
    const what = columns.length === 0 ? 'no columns' : `no data_type of ${untyped.join(', ')}`;
    throw new LensError('PROJECT_INVALID', `the contract of model ${about.name} is enforced, and it has ${what}`, {
      place: about.place,
      hint: 'a contract names every column with its data_type',
    });
  }
  const onChange = config['on_schema_change'] ?? 'ignore';
  if (enforced && config['materialized'] === 'incremental' && !KEEPING_COLUMNS.includes(onChange)) {
    const what = `Invalid value for on_schema_change: ${pythonText(onChange)}. Models materialized as incremental with contracts enabled must`;
    throw new LensError('PROJECT_INVALID', `${what} set on_schema_change to 'append_new_columns' or 'fail'`, {
      place: about.place,
      hint: `model ${about.name} has an enforced contract: say what becomes of its table when its columns change`,
    });
  }
  return {
    enforced,
    aliasTypes: contractOf(config)['alias_types'] !== false,
    constraints: properties?.constraints ?? [],
    columns: columns.map(({ name, dataType, constraints }) => ({ name, dataType, constraints })),
  };
}

/** Whether the model's contract is to be kept. */
export function isEnforced(config: Config): boolean {
  return contractOf(config)['enforced'] === true;
}

function contractOf(config: Config): Config {
  return isYamlRecord(config['contract']) ? config['contract'] : {};
}

const ACCESS: readonly string[] = ['private', 'protected', 'public'] satisfies Access[];

/** `access` of a model's configuration, `protected` when nothing is said. */
export function accessOf(config: Config, about: { readonly name: string; readonly place: string }): Access {
  const access = config['access'] ?? 'protected';
  if (typeof access === 'string' && ACCESS.includes(access)) return access as Access;
  throw new LensError('PROJECT_INVALID', `model ${about.name} has the access ${JSON.stringify(access)}`, {
    place: about.place,
    hint: `use one of ${ACCESS.join(', ')}`,
  });
}
