import type { MaintenancePlan } from '../../maintenance/maintenance-plan.ts';
import { summaryOf } from '../../maintenance/plan-summary.ts';
import { compile, qualified } from '../../project/compile.ts';
import type { ColumnDescription, DataTest, Project } from '../../project/project-contract.ts';
import { keyOf } from '../../project/artifacts/catalog.ts';
import { resourceGraph, type Resource } from '../../project/resource-graph.ts';
import type { StoredRelations } from './stored-relations.ts';

/** What the page shows of a resource; it is handed over as JSON within the page, so that one file is enough. */
export interface DocsResource {
  readonly id: string;
  readonly type: Resource['resourceType'];
  readonly name: string;
  readonly package: string;
  readonly path: string;
  readonly description: string;
  /** `table`, `view`, ..., of a test its kind. */
  readonly kind: string;
  /** Where it is stored; null when it is not. */
  readonly relation: string | null;
  readonly tags: readonly string[];
  /** Names and values of what else is to be known. */
  readonly facts: readonly (readonly [string, string])[];
  readonly columns: readonly DocsColumn[];
  readonly raw: string | null;
  readonly compiled: string | null;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** How a model is kept current: one sentence, and why it is rebuilt when it is. */
  readonly upkeep: { readonly how: string; readonly because: string | null } | null;
  /** Rows stored. */
  readonly rows: number | null;
}

export interface DocsColumn {
  readonly name: string;
  readonly type: string | null;
  readonly description: string;
  /** Names of the data tests on it. */
  readonly tests: readonly string[];
}

export interface DocsData {
  readonly project: string;
  readonly generatedAt: string;
  readonly resources: readonly DocsResource[];
}

/** What there is to show: the project, and what of it is in the warehouse and known of its upkeep. */
export function docsData(
  project: Project,
  stored: StoredRelations,
  plans: readonly MaintenancePlan[],
  generatedAt: Date,
): DocsData {
  const making = new DocsMaker(project, stored, plans);
  const resources = [...resourceGraph(project).values()].map((resource) => making.resource(resource));
  return { project: project.name, generatedAt: generatedAt.toISOString(), resources };
}

class DocsMaker {
  readonly #project: Project;
  readonly #stored: StoredRelations;
  readonly #plans: readonly MaintenancePlan[];
  readonly #tests: ReadonlyMap<string, DataTest>;

  constructor(project: Project, stored: StoredRelations, plans: readonly MaintenancePlan[]) {
    this.#project = project;
    this.#stored = stored;
    this.#plans = plans;
    this.#tests = new Map(project.tests.map((test) => [test.uniqueId, test]));
  }

  resource(resource: Resource): DocsResource {
    const { uniqueId, resourceType, name, sourceName, packageName, path, tags, parents, children } = resource;
    return {
      id: uniqueId,
      type: resourceType,
      name: sourceName === null ? name : `${sourceName}.${name}`,
      package: packageName,
      path,
      tags,
      parents,
      children,
      ...NOTHING,
      ...this.#own(resource),
    };
  }

  #own({ uniqueId }: Resource): Partial<DocsResource> {
    const { models, seeds, sources, tests, unitTests, exposures } = this.#project;
    const model = models.find((one) => one.uniqueId === uniqueId);
    if (model !== undefined) {
      const { description, materialized, schema, alias, columns, access, group, rawSql } = model;
      const plan = this.#plans.find((one) => one.model === model.name);
      return {
        description,
        kind: materialized,
        ...(materialized === 'ephemeral' ? {} : this.#relation(schema, alias)),
        facts: [
          ['access', access],
          ...(group === null ? [] : [['group', group] as const]),
          ...(model.contract.enforced ? [['contract', 'enforced'] as const] : []),
        ],
        columns: this.#columns(schema, alias, columns),
        raw: rawSql.trim(),
        compiled: this.#project.waiting.has(model.name) ? null : compile(this.#project, model, qualified).trim(),
        upkeep: plan === undefined ? null : { how: summaryOf(plan), because: plan.reason },
      };
    }
    const seed = seeds.find((one) => one.uniqueId === uniqueId);
    if (seed !== undefined) {
      const { description, schema, alias, columns } = seed;
      return {
        description,
        kind: 'seed',
        ...this.#relation(schema, alias),
        columns: this.#columns(schema, alias, columns),
      };
    }
    const source = sources.find((one) => one.uniqueId === uniqueId);
    if (source !== undefined) {
      const { description, sourceDescription, schema, table, columns } = source;
      return {
        description: description || sourceDescription,
        kind: 'source',
        ...this.#relation(schema, table),
        columns: this.#columns(schema, table, columns),
      };
    }
    const test = tests.find((one) => one.uniqueId === uniqueId);
    if (test !== undefined) {
      const { description, kind, severity, rawSql } = test;
      const facts = [['severity', severity]] as const;
      return { description, kind, facts, raw: rawSql.trim(), compiled: test.sql(qualified).trim() };
    }
    const unitTest = unitTests.find((one) => one.uniqueId === uniqueId);
    if (unitTest !== undefined) return { description: unitTest.description, kind: 'unit test' };
    const exposure = exposures.find((one) => one.uniqueId === uniqueId);
    if (exposure === undefined) return {};
    const { description, type, url, maturity, owner } = exposure;
    const said = [owner['name'], owner['email']].filter((one) => typeof one === 'string').join(', ');
    const facts = [
      ['owner', said],
      ['url', url],
      ['maturity', maturity],
    ].filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== '');
    return { description, kind: type, facts };
  }

  #relation(schema: string, identifier: string): Pick<DocsResource, 'relation' | 'rows'> {
    return { relation: `${schema}.${identifier}`, rows: this.#stored.rows.get(keyOf(schema, identifier)) ?? null };
  }

  /** Those that are stored, in their order, then those that are only described. */
  #columns(schema: string, identifier: string, described: readonly ColumnDescription[]): DocsColumn[] {
    const key = keyOf(schema, identifier);
    const stored = this.#stored.columns
      .filter((one) => keyOf(one.schema, one.relation) === key)
      .toSorted((a, b) => a.index - b.index);
    const saidOf = (name: string): ColumnDescription | undefined =>
      described.find((one) => one.name.toLowerCase() === name.toLowerCase());
    const names = [...stored.map(({ column }) => column), ...described.map(({ name }) => name)];
    const seen = new Set<string>();
    return names
      .filter((name) => !seen.has(name.toLowerCase()) && seen.add(name.toLowerCase()))
      .map((name) => {
        const said = saidOf(name);
        return {
          name,
          type: stored.find(({ column }) => column === name)?.type ?? said?.dataType ?? null,
          description: said?.description ?? '',
          tests: (said?.tests ?? []).flatMap((id) => this.#tests.get(id)?.testName ?? []),
        };
      });
  }
}

const NOTHING = {
  description: '',
  kind: '',
  relation: null,
  facts: [],
  columns: [],
  raw: null,
  compiled: null,
  upkeep: null,
  rows: null,
} as const;
