import { closestName } from '../core/closest-name.ts';
import { isYamlRecord, type YamlFile, type YamlRecord } from './yaml-file.ts';

type Path = readonly (string | number)[];

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** The keys dbt knows, by its JSON schemas of 1.11 and the older places of some. */
const PROJECT = words(
  `analyses analysis-paths asset-paths clean-targets config-version data_tests data-paths dbt-cloud dispatch docs-paths
  exposures flags function-paths functions log-path macro-paths macros metrics model-paths models name on-run-end on-run-start
  packages-install-path profile query-comment quoting require-dbt-version restrict-access saved-queries seed-paths seeds
  semantic-models snapshot-paths snapshots source-paths sources sync target-path test-paths tests unit_tests vars version`,
);
const FILE = words(
  `analyses anchors data_tests event_tests exposures functions groups macros metrics models saved_queries seeds semantic_models snapshots
  sources tests unit_tests version`,
);
const MODEL = words(
  `access agg_time_dimension columns config constraints data_tests deprecation_date derived_semantics description docs group
  identifier latest_version meta metrics name primary_entity quote_columns semantic_model static_analysis_off_reason tags tests
  time_spine versions`,
);
const SOURCE = words(
  `catalog config data_tests database description enabled freshness loaded_at_field loaded_at_query loader meta name overrides
  quoting schema tables tags tests`,
);
const TABLE = words(
  `columns config data_tests description enabled external freshness identifier loaded_at_field loaded_at_query loader meta name
  quoting tags tests`,
);
const COLUMN = words(
  `column_mask config constraints data_tests data_type databricks_tags description dimension entity granularity meta name
  policy_tags quote tags tests`,
);

/** Keys of dbt_project.yml that dbt does not know, a sentence each. */
export function unknownProjectKeys(yaml: YamlFile): string[] {
  return unknown(yaml, yaml.record(yaml.data, []), [], PROJECT);
}

/** The same for a yml file that describes models and sources. `config:` may hold keys of the project's own, so it is not looked into. */
export function unknownPropertyKeys(yaml: YamlFile): string[] {
  const data = yaml.record(yaml.data, []);
  const models = [...entries(data, ['models']), ...entries(data, ['seeds'])].flatMap((model) => [
    ...unknown(yaml, model.data, model.at, MODEL),
    ...unknownOfColumns(yaml, model),
  ]);
  const sources = entries(data, ['sources']).flatMap((source) => [
    ...unknown(yaml, source.data, source.at, SOURCE),
    ...entries(source.data, [...source.at, 'tables']).flatMap((table) => [
      ...unknown(yaml, table.data, table.at, TABLE),
      ...unknownOfColumns(yaml, table),
    ]),
  ]);
  return [...unknown(yaml, data, [], FILE), ...models, ...sources];
}

interface Entry {
  readonly data: YamlRecord;
  readonly at: Path;
}

/** The maps in the list under the last name of `at`. */
function entries(data: YamlRecord, at: Path): Entry[] {
  const list = data[String(at.at(-1))];
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown, i) => (isYamlRecord(one) ? [{ data: one, at: [...at, i] }] : []));
}

function unknownOfColumns(yaml: YamlFile, { data, at }: Entry): string[] {
  return entries(data, [...at, 'columns']).flatMap((column) => unknown(yaml, column.data, column.at, COLUMN));
}

function unknown(yaml: YamlFile, data: YamlRecord, at: Path, known: ReadonlySet<string>): string[] {
  return Object.keys(data)
    .filter((key) => !known.has(key))
    .map((key) => {
      const near = closestName(key, [...known]);
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      return `${yaml.place([...at, key])}: dbt knows no key ${key} here, so it is not used${hint}`;
    });
}
