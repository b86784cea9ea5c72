import type { DescribedNode } from './described-node.ts';
import type { Dependencies, RelationNaming } from './project-contract.ts';
import type { Answers } from './questions.ts';

// What yml files declare and no template makes; part of the contract in project-contract.ts.

/** An entry of `unit_tests:` or `event_tests:`. */
export interface UnitTest {
  readonly name: string;
  /** `rows`: dbt's, of a model's SELECT over given rows. `events`: ours, of what is stored after given events. */
  readonly kind: 'rows' | 'events';
  /** `unit_test.PROJECT.MODEL.NAME`, with `_vVERSION` behind it where the model has versions. */
  readonly uniqueId: string;
  readonly packageName: string;
  readonly path: string;
  /** `file:line`. */
  readonly place: string;
  /** Project, folders of the yml file, model, name. */
  readonly fqn: readonly string[];
  /** The name of the tested model. */
  readonly model: string;
  /** The same as the file has it: all versions of a model share it. */
  readonly declaredModel: string;
  /** Of the model that is tested; null where it has none. Each version has a test of its own. */
  readonly version: string | number | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  /** Folders with its fixtures, `NAME.csv` and `NAME.sql`, relative to the project's. */
  readonly fixturePaths: readonly string[];
  /** The whole entry as the file has it: `given`, `expect`, `overrides`. Nothing in it is rendered. */
  readonly yml: Readonly<Record<string, unknown>>;
}

/** A file of the `analysis-paths`: SQL that is compiled, and never run. */
export interface Analysis extends DescribedNode {
  readonly name: string;
  /** `analysis.PACKAGE.NAME`. */
  readonly uniqueId: string;
  readonly rawSql: string;
  readonly dependsOn: Dependencies;
  /** Its SQL, with ephemeral models in front; any statements. MODEL_RENDER_FAILED; throws a PendingQuestion that has no answer yet. */
  sql(naming: RelationNaming, answers: Answers): string;
}

/** Something outside of the project that reads it. */
export interface Exposure {
  readonly name: string;
  /** `exposure.PROJECT.NAME`. */
  readonly uniqueId: string;
  readonly packageName: string;
  readonly path: string;
  readonly place: string;
  readonly fqn: readonly string[];
  readonly label: string | null;
  /** `dashboard`, `notebook`, `analysis`, `ml` or `application`. */
  readonly type: string;
  /** `low`, `medium` or `high`. */
  readonly maturity: string | null;
  readonly url: string | null;
  /** `name` and `email`, with whatever else is said. */
  readonly owner: Readonly<Record<string, unknown>>;
  readonly description: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly dependsOn: Dependencies;
}

/** Models that belong together: private ones may be read by their group alone. */
export interface Group {
  readonly name: string;
  /** `group.PROJECT.NAME`. */
  readonly uniqueId: string;
  readonly packageName: string;
  readonly path: string;
  readonly place: string;
  readonly description: string;
  readonly owner: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

/** `{% docs NAME %}` of a Markdown file. */
export interface DocBlock {
  readonly name: string;
  /** `doc.PROJECT.NAME`. */
  readonly uniqueId: string;
  readonly packageName: string;
  /** Relative to the project's folder. */
  readonly path: string;
  readonly text: string;
}

/** An entry of selectors.yml. */
export interface SelectorDefinition {
  readonly name: string;
  readonly description: string;
  /** Whether it applies where nothing is selected. */
  readonly default: boolean;
  /** As the file has it, with Jinja rendered: a text, or maps of `union`, `intersection`, `method`, ... */
  readonly definition: unknown;
  /** `file:line`. */
  readonly place: string;
}
