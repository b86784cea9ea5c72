import type { ColumnDescription } from './project-contract.ts';

/** What models, seeds and analyses have in common, as files and configuration describe them; part of the contract in project-contract.ts. */
export interface DescribedNode {
  /** The project or package it is of. */
  readonly packageName: string;
  /** Relative to the project's folder, with forward slashes. */
  readonly path: string;
  /** Place (`file:line`) in the yml file that describes it; null when none does. */
  readonly describedAt: string | null;
  /** Project or package, folders below its resource's path, name: what selectors and the trees of dbt_project.yml match. */
  readonly fqn: readonly string[];
  readonly schema: string;
  /** The relation's name in the warehouse; that of an analysis is none, since nothing of it is stored. */
  readonly alias: string;
  /** Merged: dbt_project.yml folders, then the yml file, then config() in the SQL. Keys are dbt's own. */
  readonly config: Readonly<Record<string, unknown>>;
  /** As it is written, nothing rendered, each key by the most specific level that has it: dbt's `unrendered_config`. */
  readonly writtenConfig: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly description: string;
  /** Unique ids of the docs blocks in it. */
  readonly docBlocks: readonly string[];
  readonly columns: readonly ColumnDescription[];
}
