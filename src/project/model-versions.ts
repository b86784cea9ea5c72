import { isYamlRecord, type YamlFile, type YamlRecord } from './yaml-file.ts';

type Path = readonly (string | number)[];

/** Which version of a model something is. */
export interface ModelVersion {
  /** The name all versions share, as ref() has it. */
  readonly of: string;
  /** As it is written: `2`, or a text. */
  readonly v: string | number;
  /** The version that ref() without one means. */
  readonly latest: string | number;
}

/** A version as a yml file declares it: what it says goes over what is said of all versions. */
export interface DeclaredVersion extends ModelVersion {
  /** Names of the file, without ending, that it may be defined in; the first one that is there. */
  readonly files: readonly string[];
  /** The entry as one of a model without versions would be. */
  readonly entry: YamlRecord;
  readonly at: Path;
}

/** The name by which a version is told apart: that of its relation, unless it has an alias. */
export function versionName({ of, v }: Pick<ModelVersion, 'of' | 'v'>): string {
  return `${of}_v${v}`;
}

/**
 * The `versions:` of an entry of `models:`; empty without. The latest one is `latest_version`, else the greatest.
 * PROJECT_INVALID for a version without `v`, or a latest one that there is not.
 */
export function readVersions(yaml: YamlFile, model: YamlRecord, at: Path): DeclaredVersion[] {
  const versions = yaml.list(model['versions'], [...at, 'versions']).map((entry, i) => {
    const place = [...at, 'versions', i];
    const data = yaml.record(entry, place);
    const { v } = data;
    if (typeof v !== 'number' && typeof v !== 'string') throw yaml.invalid(place, 'a version has no v', 'write v: 1');
    return { v, data, place };
  });
  const [first] = versions;
  if (first === undefined) return [];
  const of = yaml.string(model['name'], [...at, 'name']);
  const said = model['latest_version'] ?? null;
  const latest =
    said === null
      ? versions.reduce((best, one) => (later(one.v, best.v) ? one : best))
      : versions.find(({ v }) => String(v) === yaml.string(said, [...at, 'latest_version']));
  if (latest === undefined)
    throw yaml.invalid([...at, 'latest_version'], `the model ${of} has no version ${yaml.string(said, at)}`);
  const { versions: _versions, latest_version: _latest, ...base } = model;
  return versions.map((version) => {
    const { v, data, place } = version;
    const file =
      data['defined_in'] === undefined ? `${of}_v${v}` : yaml.string(data['defined_in'], [...place, 'defined_in']);
    return {
      of,
      v,
      latest: latest.v,
      files: version === latest ? [file, of] : [file],
      entry: merged(yaml, base, data, place),
      at: place,
    };
  });
}

function later(a: string | number, b: string | number): boolean {
  return typeof a === 'number' && typeof b === 'number' ? a > b : String(a) > String(b);
}

function merged(yaml: YamlFile, base: YamlRecord, version: YamlRecord, at: Path): YamlRecord {
  const { v: _v, defined_in: _file, config, columns, ...own } = version;
  const tests = 'data_tests' in own || 'tests' in own ? { data_tests: undefined, tests: undefined } : {};
  return {
    ...base,
    ...tests,
    ...own,
    config: { ...yaml.record(base['config'], at), ...yaml.record(config, at) },
    columns: columnsOf(yaml, base, columns, at),
  };
}

/** `include` and `exclude` take columns of all versions; others are added. */
function columnsOf(yaml: YamlFile, base: YamlRecord, columns: unknown, at: Path): readonly unknown[] {
  const shared = yaml.list(base['columns'], at);
  const own = yaml.list(columns, [...at, 'columns']);
  const rule = own.find((one) => isYamlRecord(one) && (one['include'] !== undefined || one['exclude'] !== undefined));
  const { include = 'all', exclude = [] } = isYamlRecord(rule) ? rule : {};
  const all = include === 'all' || include === '*';
  const listed = all ? [] : yaml.strings(include, [...at, 'columns']);
  const without = yaml.strings(exclude, [...at, 'columns']);
  const kept = shared.filter((one) => {
    const name = isYamlRecord(one) ? one['name'] : undefined;
    return typeof name === 'string' && (all || listed.includes(name)) && !without.includes(name);
  });
  return [...kept, ...own.filter((one) => one !== rule)];
}
