import { unknownPropertyKeys } from './known-keys.ts';
import { isYamlRecord, type YamlFile } from './yaml-file.ts';

/** Top-level keys of a yml file whose content this product does not run. */
const NOT_RUN = ['snapshots', 'semantic_models', 'metrics', 'saved_queries', 'functions'];

/** Sentences about the parts of a yml file that are left out. */
export function propertyWarnings(yaml: YamlFile): string[] {
  const data = yaml.record(yaml.data, []);
  const left = NOT_RUN.filter((key) => data[key] !== undefined);
  const sources = yaml.list(data['sources'], ['sources']).flatMap((source, i) => sourceWarnings(yaml, source, i));
  return [...left.map((key) => `${yaml.place([key])}: ${key} are not run`), ...sources, ...unknownPropertyKeys(yaml)];
}

function sourceWarnings(yaml: YamlFile, source: unknown, index: number): string[] {
  if (!isYamlRecord(source)) return [];
  const at = ['sources', index];
  const warnings = freshness(yaml, source, at);
  if (source['database'] !== undefined && source['database'] !== null)
    warnings.push(`${yaml.place([...at, 'database'])}: database is not used, its tables are in the warehouse`);
  const tables = Array.isArray(source['tables']) ? (source['tables'] as unknown[]) : [];
  tables.forEach((table, j) => warnings.push(...freshness(yaml, table, [...at, 'tables', j])));
  return warnings;
}

/** Topics tell how fresh a source is: `lens status` says how far behind. */
function freshness(yaml: YamlFile, entry: unknown, at: readonly (string | number)[]): string[] {
  if (!isYamlRecord(entry)) return [];
  const places = [at, [...at, 'config']];
  const [beside, inside] = [entry, isYamlRecord(entry['config']) ? entry['config'] : {}];
  return ['freshness', 'loaded_at_field', 'loaded_at_query'].flatMap((key) =>
    [beside, inside].flatMap((data, i) =>
      data[key] === undefined || data[key] === null
        ? []
        : [`${yaml.place([...(places[i] ?? at), key])}: ${key} is not used, freshness of sources is not checked`],
    ),
  );
}
