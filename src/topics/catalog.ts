import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import type { RecordBlock } from '../log/record-block.ts';
import { readTopics } from './load-topics.ts';
import type { Manifest } from './manifest.ts';
import { keyTextOfJson } from './message-key.ts';
import { AvroRecordEncoder, type RecordEncoder } from './record-encoder.ts';
import { ContractJson, type RecordJson } from './record-json.ts';
import { type RecordShape, shapeOf } from './record-shape.ts';
import { SchemaRegistry } from './schema-registry.ts';
import { TopicBatch } from './topic-batch.ts';
import type { SchemaVersion, TopicContract } from './topic-contract.ts';
import { type SchemaLookup, WriterSchemas } from './writer-schemas.ts';

export type { DecodedRecord, RecordJson } from './record-json.ts';
export type { RecordEncoder } from './record-encoder.ts';
export type { SealedBatch, TopicBatch } from './topic-batch.ts';

/** All topics of a project. */
/** The topics of a project, in the order of their names. */
export function topicNames({ contracts }: Pick<TopicCatalog, 'contracts'>): string[] {
  return contracts.map(({ name }) => name);
}

export interface TopicCatalog {
  /** By name. */
  readonly contracts: readonly TopicContract[];
  /** TOPIC_UNKNOWN with the closest name. */
  contract(topic: string): TopicContract;
  forTable(table: string): TopicContract | undefined;
  /**
   * Fetches the schemas of ids in a block that are not known yet; null (at once) when there is nothing to fetch, always
   * so without a registry. Await it before a block is added to a batch. REGISTRY_FAILED.
   */
  prepare(topic: string, block: RecordBlock): Promise<void> | null;
  /** A fresh columnar decoder. */
  batch(topic: string): TopicBatch;
  /** With the wire id of the newest schema, registered first where a registry is used. REGISTRY_FAILED. */
  encoder(topic: string): Promise<RecordEncoder>;
  /** JSON <-> bytes by the contract, for produce and consume. */
  json(topic: string): RecordJson;
  /** The text of a message key whose parts are given in their JSON form, in the order of the contract's key. */
  keyText(topic: string, parts: readonly unknown[]): string;
}

/**
 * Reads PROJECT/topics; a project without that folder has no topics.
 *
 * @throws LensError TOPIC_CONTRACT_INVALID with file and line; SCHEMA_UNREADABLE when a newest schema cannot read an
 *   older one
 */
export function loadTopics(projectDir: string, options: { registry?: string | undefined } = {}): TopicCatalog {
  const registry = options.registry === undefined ? null : new SchemaRegistry(options.registry);
  const { contracts, manifest } = readTopics(projectDir, registry === null);
  return new LoadedCatalog(contracts, manifest, registry);
}

interface Topic {
  readonly shape: RecordShape;
  readonly schemas: WriterSchemas;
}

class LoadedCatalog implements TopicCatalog {
  readonly contracts: readonly TopicContract[];
  readonly #registry: SchemaRegistry | null;
  readonly #lookUp: SchemaLookup;
  readonly #topics = new Map<string, Topic>();

  constructor(contracts: readonly TopicContract[], manifest: Manifest, registry: SchemaRegistry | null) {
    this.contracts = contracts;
    this.#registry = registry;
    this.#lookUp =
      registry === null
        ? (topic, id) => fromManifest(manifest, contracts, topic, id)
        : (_topic, id) => registry.schema(id);
  }

  contract(topic: string): TopicContract {
    const found = this.contracts.find((contract) => contract.name === topic);
    if (found !== undefined) return found;
    const names = this.contracts.map((contract) => contract.name);
    const meant = closestName(topic, names);
    const known = names.length === 0 ? 'the project has no topics' : `topics: ${names.join(', ')}`;
    throw new LensError('TOPIC_UNKNOWN', `there is no topic "${topic}"`, {
      hint: meant === undefined ? known : `did you mean ${meant}?`,
    });
  }

  forTable(table: string): TopicContract | undefined {
    return this.contracts.find((contract) => contract.table.toLowerCase() === table.toLowerCase());
  }

  prepare(_topic: string, block: RecordBlock): Promise<void> | null {
    return this.#registry === null ? null : this.#registry.fetchSchemas(block);
  }

  batch(topic: string): TopicBatch {
    const { shape, schemas } = this.#topic(topic);
    return new TopicBatch(shape, schemas);
  }

  async encoder(topic: string): Promise<RecordEncoder> {
    const { shape } = this.#topic(topic);
    const newest = shape.contract.versions.at(-1) as SchemaVersion;
    const id = this.#registry === null ? newest.wireId : await this.#registry.register(topic, newest.schema);
    return new AvroRecordEncoder(shape, id as number);
  }

  json(topic: string): RecordJson {
    const { shape, schemas } = this.#topic(topic);
    return new ContractJson(shape, schemas, () => this.encoder(topic));
  }

  keyText(topic: string, parts: readonly unknown[]): string {
    return keyTextOfJson(this.#topic(topic).shape.key, parts);
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      const shape = shapeOf(this.contract(name));
      topic = { shape, schemas: new WriterSchemas(shape, this.#lookUp) };
      this.#topics.set(name, topic);
    }
    return topic;
  }
}

function fromManifest(
  manifest: Manifest,
  contracts: readonly TopicContract[],
  topic: string,
  id: number,
): ReturnType<SchemaLookup> {
  const place = manifest.get(id);
  if (place === undefined) return { unknown: `schema id ${id} is not in topics/manifest.json` };
  if (place.topic !== topic) return { unknown: `schema id ${id} belongs to the topic ${place.topic}` };
  const contract = contracts.find((candidate) => candidate.name === topic);
  return { schema: contract?.versions[place.version - 1]?.schema };
}
