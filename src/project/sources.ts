import { mergeConfig, treeConfig, type Config } from './config-tree.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import type { Model, Relation, SourceTable } from './project-contract.ts';
import type { ProjectFile } from './project-file.ts';
import { foldersBelow } from './project-files.ts';
import { readSourceProperties, type Properties } from './properties.ts';
import type { TemplateEngine } from './template-engine.ts';
import { isYamlRecord, type YamlFile } from './yaml-file.ts';
import { LensError } from '../core/errors.ts';
import { describe, describeColumns } from './columns.ts';
import { genericTests } from './test-definitions.ts';
import type { TestDefinition } from './data-test.ts';

export interface LoadedSources {
  readonly tables: readonly SourceTable[];
  readonly tests: readonly TestDefinition[];
  /** `SOURCE.NAME` of the tables that are not enabled, with their place. */
  readonly disabled: ReadonlyMap<string, string>;
  /** `SOURCE.NAME` of the tables that dbt-duckdb reads from elsewhere, with what says so and the place. */
  readonly external: ReadonlyMap<string, { readonly key: string; readonly place: string }>;
  /** What the `sources:` tree of dbt_project.yml matches, of tables that are not enabled, too. */
  readonly fqns: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}

/** The source tables of all yml files, by source and name. PROJECT_INVALID for one that is declared twice. */
export function loadSources(yamls: readonly YamlFile[], file: ProjectFile, engine: TemplateEngine): LoadedSources {
  const tables = new Map<string, SourceTable>();
  const places = new Map<string, string>();
  const disabled = new Map<string, string>();
  const external = new Map<string, { key: string; place: string }>();
  const fqns: string[][] = [];
  const tests: TestDefinition[] = [];
  const warnings: string[] = [];
  for (const yaml of yamls) {
    for (const source of readSourceProperties(yaml)) {
      for (const table of source.tables) {
        const full = `${source.sourceName}.${table.name}`;
        const place = yaml.place(table.at);
        const fqn = fqnOf(table, source.sourceName, file);
        fqns.push(fqn);
        const config = tableConfig(table, source.config, fqn, file, engine);
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
        const key = externalKey(config);
        if (key !== undefined) external.set(full, { key, place });
        const { definitions, byColumn, warnings: notRun } = genericTests(table, relation, file, engine);
        tests.push(...definitions);
        warnings.push(...notRun);
        tables.set(full, {
          sourceName: source.sourceName,
          name: table.name,
          table: identifier,
          schema,
          place,
          uniqueId: `source.${file.name}.${full}`,
          packageName: file.name,
          path: yaml.path,
          fqn,
          sourceDescription: describe({ ...source, yaml, at: source.at }, engine),
          loader: table.loader,
          config,
          description: describe(table, engine),
          meta: (config['meta'] ?? {}) as Record<string, unknown>,
          tags: tagsOf(config),
          columns: describeColumns(table, byColumn, engine),
        });
      }
    }
  }
  return {
    tables: [...tables.keys()].sort().map((key) => tables.get(key) as SourceTable),
    tests,
    disabled,
    external,
    fqns,
    warnings,
  };
}

function fqnOf(table: Properties, sourceName: string, file: ProjectFile): string[] {
  return [file.name, ...foldersBelow(table.yaml.path, file.propertyPaths), sourceName, table.name];
}

/** dbt-duckdb's ways to read a source from a file or a plugin, in `config` or `meta`. */
const EXTERNAL = ['external_location', 'plugin'];

function externalKey(config: Config): string | undefined {
  const meta = (config['meta'] ?? {}) as Config;
  return EXTERNAL.find((key) => (config[key] ?? meta[key] ?? null) !== null);
}

/** PROJECT_INVALID when a model reads a source that is not in the warehouse: its rows would be other ones than dbt's. */
export function refuseExternal(models: readonly Model[], external: LoadedSources['external']): void {
  for (const model of models) {
    for (const name of model.dependsOn.sourceNames) {
      const found = external.get(name);
      if (found === undefined) continue;
      throw new LensError(
        'PROJECT_INVALID',
        `the source table ${name}, which model ${model.name} reads, has ${found.key}`,
        {
          place: found.place,
          hint: `sources are read from topics: take ${found.key} away, or the model`,
        },
      );
    }
  }
}

function tableConfig(
  table: Properties,
  source: Config,
  fqn: readonly string[],
  file: ProjectFile,
  engine: TemplateEngine,
): Config {
  const tree = treeConfig(file.sources, fqn, (value) => engine.yaml(value, file.yaml.place(['sources'])));
  const place = table.yaml.place(table.at);
  const levels = [tree, source, table.config].map((level) => engine.yaml(level, place) as Config);
  return levels.reduce((config, level) => ({ ...mergeConfig(config, level), ...mergedFreshness(config, level) }));
}

/** Limits of freshness are merged by key, as dbt does: a table may have another `error_after`. Null takes them away. */
function mergedFreshness(config: Config, level: Config): Config {
  const [base, over] = [config['freshness'], level['freshness']];
  if (!isYamlRecord(base) || !isYamlRecord(over)) return {};
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = base[key];
    merged[key] = isYamlRecord(before) && isYamlRecord(value) ? { ...before, ...value } : value;
  }
  return { freshness: merged };
}
