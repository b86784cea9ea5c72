import { mergeConfig, type Config } from './config-tree.ts';
import { readConstraints } from './model-contract.ts';
import { readVersions, versionName, type DeclaredVersion } from './model-versions.ts';
import type { Constraint } from './project-contract.ts';
import { isYamlRecord, type YamlFile, type YamlRecord } from './yaml-file.ts';

type Path = readonly (string | number)[];

/** What a yml file says of a model or a source table. */
export interface Properties {
  readonly yaml: YamlFile;
  /** Where in the file it says so. */
  readonly at: Path;
  readonly name: string;
  /** Which version of a model it describes; null for all else. */
  readonly version: DeclaredVersion | null;
  readonly description: string;
  /** `config`, with `meta` and `tags` of the level above it; not yet rendered. */
  readonly config: Config;
  readonly columns: readonly ColumnProperties[];
  readonly tests: readonly TestDeclaration[];
  readonly constraints: readonly Constraint[];
}

export interface ColumnProperties {
  readonly name: string;
  readonly quote: boolean;
  readonly description: string;
  readonly dataType: string | null;
  readonly config: Config;
  readonly tests: readonly TestDeclaration[];
  readonly constraints: readonly Constraint[];
}

/** One entry of `data_tests:`. */
export interface TestDeclaration {
  /** The generic test's name, without its package. */
  readonly test: string;
  /** The package before it: `dbt_utils` of `dbt_utils.accepted_range`. */
  readonly package: string | null;
  /** A name of its own, instead of the one made from its arguments. */
  readonly name: string | null;
  readonly description: string;
  readonly arguments: YamlRecord;
  readonly config: Config;
  readonly yaml: YamlFile;
  readonly at: Path;
}

export interface SourceProperties {
  readonly at: Path;
  readonly sourceName: string;
  /** Null when nothing is said: then it is the source's name. */
  readonly schema: string | null;
  readonly description: string;
  readonly loader: string;
  readonly config: Config;
  readonly tables: readonly (Properties & { readonly identifier: string; readonly loader: string })[];
}

/** The `models:` or `seeds:` of a yml file; a model with versions is one for each. */
export function readNodeProperties(yaml: YamlFile, key: 'models' | 'seeds' | 'analyses'): Properties[] {
  const data = yaml.record(yaml.data, []);
  return yaml.list(data[key], [key]).flatMap((entry, i): Properties[] => {
    const at = [key, i];
    const versions = key === 'models' ? readVersions(yaml, yaml.record(entry, at), at) : [];
    if (versions.length === 0) return [readProperties(yaml, entry, at, NODE_CONFIG)];
    return versions.map((version) => ({
      ...readProperties(yaml, version.entry, version.at, NODE_CONFIG),
      name: versionName(version),
      version,
    }));
  });
}

/** The `sources:` of a yml file. */
export function readSourceProperties(yaml: YamlFile): SourceProperties[] {
  const data = yaml.record(yaml.data, []);
  return yaml.list(data['sources'], ['sources']).map((entry, i) => {
    const at = ['sources', i];
    const source = yaml.record(entry, at);
    const sourceName = yaml.string(source['name'], [...at, 'name']);
    const tables = yaml.list(source['tables'], [...at, 'tables']).map((table, j) => {
      const place = [...at, 'tables', j];
      const { identifier, loader } = yaml.record(table, place);
      const properties = readProperties(yaml, table, place, SOURCE_CONFIG);
      return {
        ...properties,
        identifier: yaml.string(identifier, [...place, 'identifier'], properties.name),
        loader: yaml.string(loader, [...place, 'loader'], yaml.string(source['loader'], [...at, 'loader'], '')),
      };
    });
    return {
      at,
      sourceName,
      schema: source['schema'] === undefined ? null : yaml.string(source['schema'], [...at, 'schema']),
      description: yaml.string(source['description'], [...at, 'description'], ''),
      loader: yaml.string(source['loader'], [...at, 'loader'], ''),
      config: readConfig(yaml, source, at, SOURCE_CONFIG),
      tables,
    };
  });
}

/** What a yml file says of a data test that is a file of its own. */
export interface SingularTestProperties {
  readonly yaml: YamlFile;
  readonly at: Path;
  readonly name: string;
  readonly description: string;
  /** Not yet rendered. */
  readonly config: Config;
}

/** The `data_tests:` (or `tests:`) at the top of a yml file. */
export function readSingularTestProperties(yaml: YamlFile): SingularTestProperties[] {
  const data = yaml.record(yaml.data, []);
  return ['data_tests', 'tests'].flatMap((key) =>
    yaml.list(data[key], [key]).map((entry, i) => {
      const at = [key, i];
      const test = yaml.record(entry, at);
      return {
        yaml,
        at,
        name: yaml.string(test['name'], [...at, 'name']),
        description: yaml.string(test['description'], [...at, 'description'], ''),
        config: readConfig(yaml, test, at),
      };
    }),
  );
}

/** Snapshots that a yml file defines: dbt takes those with a `relation`, and descriptions of the others stand beside them. */
export function readSnapshotNames(yaml: YamlFile): { yaml: YamlFile; at: Path; name: string }[] {
  const data = yaml.record(yaml.data, []);
  return yaml.list(data['snapshots'], ['snapshots']).map((entry, i) => {
    const at = ['snapshots', i];
    return { yaml, at, name: yaml.string(yaml.record(entry, at)['name'], [...at, 'name']) };
  });
}

function readProperties(yaml: YamlFile, entry: unknown, at: Path, beside: readonly string[]): Properties {
  const data = yaml.record(entry, at);
  const columns = yaml.list(data['columns'], [...at, 'columns']);
  return {
    yaml,
    at,
    name: yaml.string(data['name'], [...at, 'name']),
    version: null,
    description: yaml.string(data['description'], [...at, 'description'], ''),
    config: readConfig(yaml, data, at, beside),
    columns: columns.map((column, i) => readColumn(yaml, column, [...at, 'columns', i])),
    tests: readTests(yaml, data, at),
    constraints: readConstraints({ yaml }, data['constraints'], [...at, 'constraints']),
  };
}

function readColumn(yaml: YamlFile, entry: unknown, at: Path): ColumnProperties {
  const data = yaml.record(entry, at);
  return {
    name: yaml.string(data['name'], [...at, 'name']),
    quote: data['quote'] === true,
    description: yaml.string(data['description'], [...at, 'description'], ''),
    dataType: data['data_type'] === undefined ? null : yaml.string(data['data_type'], [...at, 'data_type']),
    config: readConfig(yaml, data, at),
    tests: readTests(yaml, data, at),
    constraints: readConstraints({ yaml }, data['constraints'], [...at, 'constraints']),
  };
}

/** What may stand beside `config`, too, as before dbt 1.10. */
const ANY_CONFIG = ['meta', 'tags'];
const NODE_CONFIG = [...ANY_CONFIG, 'access', 'group', 'docs'];
const SOURCE_CONFIG = [...ANY_CONFIG, 'freshness', 'loaded_at_field', 'loaded_at_query'];

function readConfig(yaml: YamlFile, data: YamlRecord, at: Path, keys: readonly string[] = ANY_CONFIG): Config {
  const beside: Record<string, unknown> = {};
  for (const key of keys) if (data[key] !== undefined) beside[key] = data[key];
  return mergeConfig(beside, yaml.record(data['config'], [...at, 'config']));
}

function readTests(yaml: YamlFile, data: YamlRecord, at: Path): TestDeclaration[] {
  return ['data_tests', 'tests'].flatMap((key) =>
    yaml.list(data[key], [...at, key]).map((entry, i) => readTest(yaml, entry, [...at, key, i])),
  );
}

/** Keys that older forms of a test have beside its arguments, where `config:` has them now. */
const TEST_CONFIG_KEYS: ReadonlySet<string> = new Set(
  `alias database enabled error_if fail_calc group limit meta schema severity store_failures store_failures_as tags warn_if
  where`.split(/\s+/),
);

/** `- unique`, `- accepted_values: {arguments: .., config: ..}`, or `- {name: .., test_name: unique, ..}`. */
function readTest(yaml: YamlFile, entry: unknown, at: Path): TestDeclaration {
  if (typeof entry === 'string') return declare(yaml, entry, {}, at);
  if (!isYamlRecord(entry)) throw yaml.invalid(at, 'a test must be a name, or a name with arguments');
  if (typeof entry['test_name'] === 'string') {
    const { test_name: _, ...rest } = entry;
    return declare(yaml, entry['test_name'], rest, at);
  }
  const keys = Object.keys(entry);
  const [test, beside] = [keys[0], keys.slice(1)];
  if (test === undefined) throw yaml.invalid(at, 'a test must have a name');
  const inner = yaml.record(entry[test], [...at, test]);
  const outer = Object.fromEntries(beside.map((key) => [key, entry[key]]));
  return declare(yaml, test, { ...outer, ...inner }, at);
}

function declare(yaml: YamlFile, test: string, body: YamlRecord, at: Path): TestDeclaration {
  const config: Record<string, unknown> = {};
  const args: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    if (TEST_CONFIG_KEYS.has(key)) config[key] = value;
    else if (!['arguments', 'config', 'name', 'description'].includes(key)) args[key] = value;
  }
  return {
    test: test.split('.').at(-1) ?? test,
    package: test.includes('.') ? test.slice(0, test.lastIndexOf('.')) : null,
    name: body['name'] === undefined ? null : yaml.string(body['name'], [...at, 'name']),
    description: yaml.string(body['description'], [...at, 'description'], ''),
    arguments: { ...args, ...yaml.record(body['arguments'], [...at, 'arguments']) },
    config: mergeConfig(config, yaml.record(body['config'], [...at, 'config'])),
    yaml,
    at,
  };
}
