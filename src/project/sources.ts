import { mergeConfig, type Config } from './config-tree.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import type { LoadOptions, Relation, SourceTable } from './project-contract.ts';
import { foldersBelow } from './project-files.ts';
import { imposedOn, treeOf, type ProjectPart } from './project-part.ts';
import { readSourceProperties, type Properties } from './properties.ts';
import { isYamlRecord, type YamlFile } from './yaml-file.ts';
import { describe, describeColumns, docBlocksOf } from './columns.ts';
import { genericTests } from './test-definitions.ts';
import type { TestDefinition } from './data-test.ts';
import { joinedParts, sortedByName } from './joined-parts.ts';

export interface LoadedSources {
  readonly tables: readonly SourceTable[];
  readonly tests: readonly TestDefinition[];
  /** `SOURCE.NAME` of the tables that are not enabled, with their place. */
  readonly disabled: ReadonlyMap<string, string>;
  /** `SOURCE.NAME` of the tables that dbt-duckdb reads from elsewhere, with a sentence that says so. */
  readonly external: ReadonlyMap<string, string>;
  /** What the `sources:` tree of dbt_project.yml matches, of tables that are not enabled, too. */
  readonly fqns: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}

/**
 * The source tables of all yml files, by source and name. PROJECT_INVALID for one that is declared twice.
 *
 * @param isFed whether a topic feeds a table
 */
export function loadSources(
  yamls: readonly YamlFile[],
  part: ProjectPart,
  isFed: NonNullable<LoadOptions['isFed']>,
): LoadedSources {
  const { file, engine } = part;
  const tables = new Map<string, SourceTable>();
  const places = new Map<string, string>();
  const disabled = new Map<string, string>();
  const external = new Map<string, string>();
  const fqns: string[][] = [];
  const tests: TestDefinition[] = [];
  const warnings: string[] = [];
  for (const yaml of yamls) {
    for (const source of readSourceProperties(yaml)) {
      for (const table of source.tables) {
        const full = `${source.sourceName}.${table.name}`;
        const place = yaml.place(table.at);
        const fqn = fqnOf(table, source.sourceName, part);
        fqns.push(fqn);
        const config = tableConfig(table, source.config, fqn, part);
        if (!isEnabled(config)) {
          disabled.set(full, place);
          continue;
        }
        const first = places.get(full);
        if (first !== undefined) throw twice('source table', full, first, place);
        places.set(full, place);
        const schema = String(engine.yaml(source.schema ?? source.sourceName, place));
        const identifier = String(engine.yaml(table.identifier, place));
        const relation: Relation = { kind: 'source', name: full, schema, identifier };
        const key = externalKey(config);
        if (key !== undefined && !isFed(identifier))
          external.set(full, `${place} has ${key}, and sources are read from topics: none feeds ${identifier}`);
        const { definitions, byColumn, warnings: notRun } = genericTests(table, relation, part);
        tests.push(...definitions);
        warnings.push(...notRun);
        tables.set(full, {
          sourceName: source.sourceName,
          name: table.name,
          table: identifier,
          schema,
          writtenSchema: source.schema,
          place,
          uniqueId: `source.${file.name}.${full}`,
          packageName: file.name,
          path: yaml.path,
          fqn,
          sourceDescription: describe({ ...source, yaml, at: source.at }, engine),
          loader: table.loader,
          config,
          description: describe(table, engine),
          docBlocks: docBlocksOf(table, engine),
          meta: (config['meta'] ?? {}) as Record<string, unknown>,
          tags: tagsOf(config),
          columns: describeColumns(table, byColumn, engine),
        });
      }
    }
  }
  return {
    tables: sortedByName(tables),
    tests,
    disabled,
    external,
    fqns,
    warnings,
  };
}

function fqnOf(table: Properties, sourceName: string, { file }: ProjectPart): string[] {
  return [file.name, ...foldersBelow(table.yaml.path, file.propertyPaths), sourceName, table.name];
}

/** dbt-duckdb's ways to read a source from a file or a plugin, in `config` or `meta`. */
const EXTERNAL = ['external_location', 'plugin'];

function externalKey(config: Config): string | undefined {
  const meta = (config['meta'] ?? {}) as Config;
  return EXTERNAL.find((key) => (config[key] ?? meta[key] ?? null) !== null);
}

function tableConfig(table: Properties, source: Config, fqn: readonly string[], part: ProjectPart): Config {
  const place = table.yaml.place(table.at);
  const own = [source, table.config].map((level) => part.engine.yaml(level, place) as Config);
  const levels = [treeOf(part, 'sources', fqn), ...own, imposedOn(part, 'sources', fqn)];
  return levels.reduce((config, level) => ({ ...mergeConfig(config, level), ...mergedFreshness(config, level) }), {});
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

/** The source tables of all parts. One that the project declares as well goes before that of a package. */
export function joinSources(all: readonly LoadedSources[]): LoadedSources {
  const byName = new Map<string, SourceTable>();
  for (const table of all.flatMap((one) => one.tables)) {
    const full = `${table.sourceName}.${table.name}`;
    if (!byName.has(full)) byName.set(full, table);
  }
  return {
    ...joinedParts(all, byName),
    tables: sortedByName(byName),
    tests: all.flatMap((one) => one.tests),
    external: new Map(all.toReversed().flatMap((one) => [...one.external])),
  };
}
