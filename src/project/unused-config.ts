import type { ProjectFile } from './project-file.ts';
import { isYamlRecord, type YamlRecord } from './yaml-file.ts';

/** Configuration whose value is a map: no folder, also without a `+`. */
const MAPS = new Set(
  'column_types columns contract docs event_time freshness grants labels meta persist_docs quoting tags'.split(' '),
);

/** The outermost levels of a tree of dbt_project.yml that no resource is below, a sentence each. dbt warns of them, too. */
export function unusedConfig(
  file: ProjectFile,
  kind: 'models' | 'seeds' | 'sources' | 'data_tests' | 'tests' | 'exposures' | 'unit_tests',
  fqns: readonly (readonly string[])[],
): string[] {
  const data = file.yaml.record(file.yaml.data, []);
  const unused = (level: YamlRecord, path: readonly string[]): string[] =>
    Object.entries(level).flatMap(([key, value]) => {
      if (key.startsWith('+') || MAPS.has(key) || !isYamlRecord(value)) return [];
      const at = [...path, key];
      if (fqns.some((fqn) => at.every((part, i) => fqn[i] === part))) return unused(value, at);
      return [`${file.yaml.place([kind, ...at])}: the configuration of ${kind}.${at.join('.')} applies to nothing`];
    });
  return unused(file.yaml.record(data[kind], [kind]), []);
}
