import type { RecordBlock } from '../../log/record-block.ts';
import type { DataTest, Model, Project } from '../../project/project-contract.ts';
import type { RecordEncoder, RecordJson, TopicBatch, TopicCatalog } from '../../topics/catalog.ts';
import type { TopicContract } from '../../topics/topic-contract.ts';

/** A model with all that it is made from, and the data tests on these alone: what an event test has to build. */
export function projectOf(project: Project, model: string): Project {
  const wanted = new Set<string>();
  const visit = (one: Model): void => {
    if (wanted.has(one.name)) return;
    wanted.add(one.name);
    for (const name of one.dependsOn.models) visit(project.model(name));
  };
  visit(project.model(model));
  const models = project.models.filter(({ name }) => wanted.has(name));
  const sources = new Set(models.flatMap(({ dependsOn }) => dependsOn.sourceNames));
  const within = ({ dependsOn }: DataTest): boolean =>
    dependsOn.models.every((name) => wanted.has(name)) && dependsOn.sourceNames.every((name) => sources.has(name));
  return { ...project, models, tests: project.tests.filter(within), unitTests: [], exposures: [] };
}

/** The topics that feed a project's models, and those named. */
export function topicsOf(catalog: TopicCatalog, project: Project, named: ReadonlySet<string>): TopicCatalog {
  const tables = new Set(project.models.flatMap(({ dependsOn }) => dependsOn.sources));
  const fed = (contract: TopicContract): boolean => [...tables].some((table) => catalog.forTable(table) === contract);
  return new TopicSubset(
    catalog,
    catalog.contracts.filter((contract) => named.has(contract.name) || fed(contract)),
  );
}

class TopicSubset implements TopicCatalog {
  readonly contracts: readonly TopicContract[];
  readonly #all: TopicCatalog;

  constructor(all: TopicCatalog, contracts: readonly TopicContract[]) {
    this.#all = all;
    this.contracts = contracts;
  }

  contract(topic: string): TopicContract {
    return this.#all.contract(topic);
  }

  forTable(table: string): TopicContract | undefined {
    const found = this.#all.forTable(table);
    return found !== undefined && this.contracts.includes(found) ? found : undefined;
  }

  prepare(topic: string, block: RecordBlock): Promise<void> | null {
    return this.#all.prepare(topic, block);
  }

  batch(topic: string): TopicBatch {
    return this.#all.batch(topic);
  }

  encoder(topic: string): Promise<RecordEncoder> {
    return this.#all.encoder(topic);
  }

  json(topic: string): RecordJson {
    return this.#all.json(topic);
  }

  keyText(topic: string, parts: readonly unknown[]): string {
    return this.#all.keyText(topic, parts);
  }
}
