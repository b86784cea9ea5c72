import { createHash } from 'node:crypto';
import { isYamlRecord } from './yaml-file.ts';
import { fromJs, repr, text, type Value } from './jinja/values.ts';
import type { Relation } from './project-contract.ts';

/**
 * dbt's name of a generic test: the test, the model and its arguments, in the order of their names, joined by `_` with
 * what no identifier may hold replaced. After `synthesize_generic_test_names` of dbt-core.
 */
export function genericTestName(
  test: string,
  target: string,
  args: Readonly<Record<string, unknown>>,
): GenericTestName {
  const parts = Object.keys(args)
    .sort()
    .flatMap((key) => {
      const value = args[key];
      if (Array.isArray(value)) return value;
      return isYamlRecord(value) ? Object.values(value) : [value];
    })
    .map((value) => text(fromJs(value)).replaceAll(/[^0-9a-zA-Z_]+/g, '_'));
  const identifier = `${test}_${target}`;
  const name = `${identifier}_${parts.join('__')}`;
  const hash = createHash('md5').update(name).digest('hex');
  return { name, shortName: name.length < 64 ? name : `${identifier.slice(0, 30)}_${hash}` };
}

export interface GenericTestName {
  readonly name: string;
  /** At most 63 characters, for files and tables: a long name is cut and told apart by a hash. */
  readonly shortName: string;
}

/** The call that a generic test is made from: what dbt keeps of it in its manifest. */
export interface TestMetadata {
  /** The generic test, without its package. */
  readonly name: string;
  /** The package before it. */
  readonly namespace: string | null;
  /** Its arguments as the yml file has them, and `model`, a template. */
  readonly kwargs: Readonly<Record<string, unknown>>;
}

export function testMetadata(
  name: string,
  namespace: string | null,
  args: Readonly<Record<string, unknown>>,
  target: Relation,
): TestMetadata {
  const [source = '', table] = target.name.split('.');
  const { version } = target;
  const ref =
    version === undefined ? `ref('${target.ownName ?? target.name}')` : `ref('${version.of}', version='${version.v}')`;
  const call = target.kind === 'source' ? `source('${source}', '${table}')` : ref;
  return { name, namespace, kwargs: { ...args, model: `{{ get_where_subquery(${call}) }}` } };
}

/** The template that dbt makes of a generic test, with its own configuration: `raw_code` in its manifest. */
export function genericTestCall(test: string, from: string | null, config: Readonly<Record<string, unknown>>): string {
  const macro = `${from === null ? '' : `${from}.`}test_${test}`;
  const order = [...CONFIG_ORDER.filter((key) => key in config), ...Object.keys(config)];
  const said = [...new Set(order)].map((key) => {
    const value = config[key];
    return `${key}=${typeof value === 'string' ? `"${value.replaceAll('"', String.raw`\"`)}"` : text(fromJs(value))}`;
  });
  return `{{ ${macro}(**_dbt_generic_test_kwargs) }}${said.length === 0 ? '' : `{{ config(${said.join(',')}) }}`}`;
}

/** The order in which dbt reads the configuration of a test. */
const CONFIG_ORDER =
  `severity tags enabled where limit warn_if error_if fail_calc store_failures store_failures_as meta database schema alias`.split(
    ' ',
  );

/** The ten digits at the end of a generic test's unique id: those of dbt-core's `create_test_node`. */
export function testHash(name: string, metadata: TestMetadata): string {
  return createHash('md5')
    .update(name + repr(hashable(metadata)))
    .digest('hex')
    .slice(-10);
}

/** Keys in their order, all else as texts. */
function hashable(value: unknown): Value {
  if (Array.isArray(value)) return value.map(hashable);
  if (!isYamlRecord(value)) return text(fromJs(value));
  return new Map<Value, Value>(
    Object.keys(value)
      .sort()
      .map((key) => [key, hashable(value[key])]),
  );
}
