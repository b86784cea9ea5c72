import type { Project } from '../../project/project-contract.ts';
import type { Connection } from '../../warehouse/connection.ts';
import { type CheckpointEntry, readCheckpoint } from '../checkpoint.ts';
import { storedModels, type StoredModel } from './status.ts';

/** Where the models that are read in one snapshot stand, for remarks beside what was found in them. */
export class ReadStandings {
  readonly checkpoint: readonly CheckpointEntry[];
  readonly #project: Project;
  readonly #stored: ReadonlyMap<string, StoredModel>;

  private constructor(project: Project, checkpoint: readonly CheckpointEntry[], stored: readonly StoredModel[]) {
    this.#project = project;
    this.checkpoint = checkpoint;
    this.#stored = new Map(stored.map((model) => [model.name, model]));
  }

  static async read(connection: Connection, project: Project): Promise<ReadStandings> {
    return new ReadStandings(project, await readCheckpoint(connection), await storedModels(connection));
  }

  /** Records that the warehouse has applied. */
  get records(): number {
    return this.checkpoint.reduce((sum, entry) => sum + entry.nextOffset - entry.firstOffset, 0);
  }

  /** What is to be known of models that are read: those that failed, or stand at an older checkpoint than the warehouse. */
  remarks(models: readonly string[]): string[] {
    const remarks: string[] = [];
    for (const name of this.#tables(models)) {
      const model = this.#stored.get(name);
      if (model === undefined) continue;
      const records = `${model.recordsBehind} ${model.recordsBehind === 1 ? 'record' : 'records'} behind the warehouse`;
      if (model.state === 'failed') remarks.push(`${name} failed, its rows are those of ${records}`);
      else if (model.recordsBehind > 0) remarks.push(`${name} stands ${records}; lens compact brings it up`);
    }
    return remarks;
  }

  /** The tables that are read, also through views and ephemeral models. */
  #tables(models: readonly string[], found = new Set<string>()): ReadonlySet<string> {
    for (const name of models) {
      if (found.has(name)) continue;
      const { materialized, dependsOn } = this.#project.model(name);
      if (materialized === 'view' || materialized === 'ephemeral') this.#tables(dependsOn.models, found);
      else found.add(name);
    }
    return found;
  }
}
