import { stringify } from 'yaml';
import type { WarehouseStatus } from '../../materializer/operations.ts';
import { summaryOf } from '../../maintenance/plan-summary.ts';
import { keyOf } from '../../project/artifacts/catalog.ts';
import { compile, qualified } from '../../project/compile.ts';
import type { ColumnDescription, Exposure, Model, Project, SourceTable } from '../../project/project-contract.ts';
import { resourceGraph, type Resource } from '../../project/resource-graph.ts';
import { isYamlRecord } from '../../project/yaml-file.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { type ExplainedPlan, planDetails } from '../plan-text.ts';
import { type Facts, freshnessFacts, metaFacts } from './docs-facts.ts';
import type { StoredRelations } from './stored-relations.ts';

/** What the page shows; it is handed over as JSON within it, so that one file is enough. */
export interface DocsData {
  readonly project: string;
  readonly generatedAt: string;
  /** Markdown: the docs block `__overview__`, or `__PROJECT__`, as on dbt's page; null when there is none. */
  readonly overview: string | null;
  /** Null without a warehouse. */
  readonly status: DocsStatus | null;
  readonly resources: readonly DocsResource[];
}

/** Of `lens status` what the page shows: nothing of the machine. */
export type DocsStatus = Pick<
  WarehouseStatus,
  'state' | 'lag' | 'logProblem' | 'recordsApplied' | 'deadLetters' | 'lastCompaction' | 'rawTables' | 'seeds'
> & {
  readonly models: readonly Pick<
    WarehouseStatus['models'][number],
    'name' | 'state' | 'reason' | 'rows' | 'recordsBehind' | 'updatedAt'
  >[];
  /** The number of the live one. */
  readonly edition: number;
};

export interface DocsResource {
  readonly id: string;
  readonly type: Resource['resourceType'];
  readonly name: string;
  readonly package: string;
  readonly path: string;
  /** Markdown. */
  readonly description: string;
  /** `table`, `view`, ..., of a test its kind. */
  readonly kind: string;
  /** Where it is stored; null when it is not. */
  readonly relation: string | null;
  /** Its name in {@link DocsStatus}: that of the model or seed, or of a source's table. */
  readonly storedAs: string | null;
  readonly tags: readonly string[];
  /** Names and values of what else is to be known. */
  readonly facts: Facts;
  readonly columns: readonly DocsColumn[];
  /** The file; of a unit test its YAML. */
  readonly raw: string | null;
  readonly compiled: string | null;
  readonly parents: readonly string[];
  readonly children: readonly string[];
  /** How a model is kept current: one sentence, why it is rebuilt when it is, and what `lens explain` says further. */
  readonly upkeep: { readonly how: string; readonly because: string | null; readonly more: readonly string[] } | null;
  /** Rows stored. */
  readonly rows: number | null;
  /** `docs: {show: false}`: neither listed nor drawn. */
  readonly hidden: boolean;
  /** `docs: {node_color: ...}`. */
  readonly color: string | null;
}

export interface DocsColumn {
  readonly name: string;
  readonly type: string | null;
  /** Markdown. */
  readonly description: string;
  /** Unique ids of the data tests on it. */
  readonly tests: readonly string[];
}

/** What is known beside the project itself. */
export interface DocsKnown {
  readonly stored: StoredRelations;
  readonly status: WarehouseStatus | null;
  readonly plans: readonly ExplainedPlan[];
  readonly catalog: TopicCatalog;
}

/** What there is to show: the project, and what of it is in the warehouse and known of its upkeep. */
export function docsData(project: Project, known: DocsKnown, generatedAt: Date): DocsData {
  const making = new DocsMaker(project, known);
  return {
    project: project.name,
    generatedAt: generatedAt.toISOString(),
    overview: overviewOf(project),
    status: known.status === null ? null : docsStatus(known.status),
    resources: [...resourceGraph(project).values()].map((resource) => making.resource(resource)),
  };
}

export function docsStatus({ models, editions, ...status }: WarehouseStatus): DocsStatus {
  const { state, lag, logProblem, recordsApplied, deadLetters, lastCompaction, rawTables, seeds } = status;
  const told = models.map(({ name, state, reason, rows, recordsBehind, updatedAt }) => {
    return { name, state, reason, rows, recordsBehind, updatedAt };
  });
  const edition = editions.live.number;
  return {
    state,
    lag,
    logProblem,
    recordsApplied,
    deadLetters,
    lastCompaction,
    rawTables,
    seeds,
    models: told,
    edition,
  };
}

function overviewOf({ docs, name, packages }: Project): string | null {
  const own = docs.filter(({ packageName }) => !packages.some((one) => one.name === packageName));
  return (
    ['__overview__', `__${name}__`].flatMap((title) => own.find((one) => one.name === title)?.text ?? [])[0] ?? null
  );
}

class DocsMaker {
  readonly #project: Project;
  readonly #known: DocsKnown;

  constructor(project: Project, known: DocsKnown) {
    this.#project = project;
    this.#known = known;
  }

  resource(resource: Resource): DocsResource {
    const { uniqueId, resourceType, name, sourceName, packageName, path, tags, parents, children, config } = resource;
    const docs = isYamlRecord(config['docs']) ? config['docs'] : {};
    const color = docs['node_color'];
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
      hidden: docs['show'] === false,
      color: typeof color === 'string' ? color : null,
      ...this.#own(resource),
    };
  }

  #own({ uniqueId, resourceType }: Resource): Partial<DocsResource> {
    const { models, seeds, sources, tests, unitTests, exposures, analyses } = this.#project;
    const one = <T extends { readonly uniqueId: string }>(all: readonly T[]): T =>
      all.find((each) => each.uniqueId === uniqueId) as T;
    switch (resourceType) {
      case 'model':
        return this.#model(one(models));
      case 'seed': {
        const { name, description, schema, alias, columns } = one(seeds);
        return { description, kind: 'seed', storedAs: name, ...this.#relation(schema, alias, columns) };
      }
      case 'source':
        return this.#source(one(sources));
      case 'test': {
        const test = one(tests);
        return {
          description: test.description,
          kind: test.testName ?? test.kind,
          facts: [['severity', test.severity]],
          raw: test.rawSql.trim(),
          compiled: test.problem === null ? test.sql(qualified).trim() : '',
        };
      }
      case 'unit_test': {
        const { description, kind, yml } = one(unitTests);
        return { description, kind: `unit test over ${kind}`, raw: stringify(yml, { lineWidth: 0 }).trim() };
      }
      case 'analysis': {
        const { description, rawSql, columns } = one(analyses);
        return { description, kind: 'analysis', raw: rawSql.trim(), columns: this.#columns('', columns) };
      }
      case 'exposure':
        return ofExposure(one(exposures));
    }
  }

  #model(model: Model): Partial<DocsResource> {
    const { name, description, materialized, schema, alias, columns, access, group, rawSql, contract } = model;
    const plan = this.#known.plans.find((one) => one.model === name);
    const stored = this.#relation(schema, alias, columns);
    return {
      description,
      kind: materialized,
      ...(materialized === 'ephemeral' ? { columns: stored.columns } : { ...stored, storedAs: name }),
      facts: [
        ['access', access],
        ...(group === null ? [] : [['group', group] as const]),
        ...(contract.enforced ? [['contract', 'enforced'] as const] : []),
        ...freshnessFacts(model),
        ...metaFacts(model.meta),
      ],
      raw: rawSql.trim(),
      compiled: this.#project.waiting.has(name) ? null : compile(this.#project, model, qualified).trim(),
      upkeep: plan === undefined ? null : { how: summaryOf(plan), because: plan.reason, more: planDetails(plan) },
    };
  }

  #source(source: SourceTable): Partial<DocsResource> {
    const { description, sourceDescription, schema, table, columns, loader, meta } = source;
    const topic = this.#known.catalog.forTable(table);
    return {
      description: description || sourceDescription,
      kind: 'source',
      storedAs: table,
      ...this.#relation(schema, table, columns),
      facts: [
        ...(topic === undefined ? [] : [['fed by the topic', topic.name] as const]),
        ...(loader === '' ? [] : [['loader', loader] as const]),
        ...freshnessFacts(source),
        ...metaFacts(meta),
      ],
    };
  }

  #relation(
    schema: string,
    identifier: string,
    described: readonly ColumnDescription[],
  ): Pick<DocsResource, 'relation' | 'rows' | 'columns'> {
    const key = keyOf(schema, identifier);
    return {
      relation: `${schema}.${identifier}`,
      rows: this.#known.stored.rows.get(key) ?? null,
      columns: this.#columns(key, described),
    };
  }

  /** Those that are stored, in their order, then those that are only described. */
  #columns(key: string, described: readonly ColumnDescription[]): DocsColumn[] {
    const stored = this.#known.stored.columns
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
          tests: said?.tests ?? [],
        };
      });
  }
}

function ofExposure({ description, type, url, maturity, owner, meta }: Exposure): Partial<DocsResource> {
  const said = [owner['name'], owner['email']].filter((one) => typeof one === 'string').join(', ');
  const facts = [
    ['owner', said],
    ['url', url],
    ['maturity', maturity],
  ].filter((fact): fact is [string, string] => fact[1] !== null && fact[1] !== '');
  return { description, kind: type, facts: [...facts, ...metaFacts(meta)] };
}

const NOTHING = {
  description: '',
  kind: '',
  relation: null,
  storedAs: null,
  facts: [],
  columns: [],
  raw: null,
  compiled: null,
  upkeep: null,
  rows: null,
} as const;
