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
  if (source['database'] === undefined || source['database'] === null) return [];
  return [`${yaml.place([...at, 'database'])}: database is not used, its tables are in the warehouse`];
}
