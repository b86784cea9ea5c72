import { mergeConfig, treeConfig, type Config } from './config-tree.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import type { Relation, SourceTable } from './project-contract.ts';
import type { ProjectFile } from './project-file.ts';
import { foldersBelow } from './project-files.ts';
import { readSourceProperties, type Properties } from './properties.ts';
import type { TemplateEngine } from './template-engine.ts';
import type { YamlFile } from './yaml-file.ts';
import { describeColumns } from './columns.ts';
import { genericTests } from './test-definitions.ts';
import type { TestDefinition } from './data-test.ts';

export interface LoadedSources {
  readonly tables: readonly SourceTable[];
  readonly tests: readonly TestDefinition[];
  /** `SOURCE.NAME` of the tables that are not enabled, with their place. */
  readonly disabled: ReadonlyMap<string, string>;
}

/** The source tables of all yml files, by source and name. PROJECT_INVALID for one that is declared twice. */
export function loadSources(yamls: readonly YamlFile[], file: ProjectFile, engine: TemplateEngine): LoadedSources {
  const tables = new Map<string, SourceTable>();
  const places = new Map<string, string>();
  const disabled = new Map<string, string>();
  const tests: TestDefinition[] = [];
  for (const yaml of yamls) {
    for (const source of readSourceProperties(yaml)) {
      for (const table of source.tables) {
        const full = `${source.sourceName}.${table.name}`;
        const place = yaml.place(table.at);
        const config = tableConfig(table, source.config, source.sourceName, file, engine);
        if (!isEnabled(config)) {
          disabled.set(full, place);
          continue;
        }
        const first = places.get(full);
        if (first !== undefined) throw twice('source table', full, first, place);
        places.set(full, place);
        const schema = String(engine.yaml(source.schema, place));
        const identifier = String(engine.yaml(table.identifier, place));
        const relation: Relation = { kind: 'source', name: full, schema, identifier };
        const { definitions, byColumn } = genericTests(table, relation, file, engine);
        tests.push(...definitions);
        tables.set(full, {
          sourceName: source.sourceName,
          name: table.name,
          table: identifier,
          schema,
          place,
          uniqueId: `source.${file.name}.${full}`,
          description: table.description,
          meta: (config['meta'] ?? {}) as Record<string, unknown>,
          tags: tagsOf(config),
          columns: describeColumns(table, byColumn, engine),
        });
      }
    }
  }
  return { tables: [...tables.keys()].sort().map((key) => tables.get(key) as SourceTable), tests, disabled };
}

function tableConfig(
  table: Properties,
  source: Config,
  sourceName: string,
  file: ProjectFile,
  engine: TemplateEngine,
): Config {
  const fqn = [file.name, ...foldersBelow(table.yaml.path, file.propertyPaths), sourceName, table.name];
  const tree = treeConfig(file.sources, fqn, (value) => engine.yaml(value, file.yaml.place(['sources'])));
  const place = table.yaml.place(table.at);
  const own = mergeConfig(engine.yaml(source, place) as Config, engine.yaml(table.config, place) as Config);
  return mergeConfig(tree, own);
}
