import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { closestName } from '../core/closest-name.ts';
import { LensError, messageOf } from '../core/errors.ts';
import { type AvroRecord, parseAvroSchema } from './avro-schema.ts';
import { avscType, ValueReader } from './avro-values.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { type ShapeField, shapeFields, tableColumns } from './record-shape.ts';
import { checkFields } from './topic-checks.ts';
import type { SchemaVersion, TopicContract } from './topic-contract.ts';
import { readTopicFile, type TopicFile } from './topic-file.ts';

export interface LoadedTopics {
  /** By name. */
  readonly contracts: readonly TopicContract[];
  readonly manifest: Manifest;
}

/**
 * Reads and checks every folder of PROJECT/topics; without that folder there are no topics.
 *
 * @param needIds whether every schema version must have a wire id in the manifest (not with a registry)
 * @throws LensError TOPIC_CONTRACT_INVALID with file and line, SCHEMA_UNREADABLE when the newest schema cannot read an
 *   older one
 */
export function readTopics(projectDir: string, needIds: boolean): LoadedTopics {
  const root = path.join(projectDir, 'topics');
  const manifest = readManifest(path.join(root, 'manifest.json'), 'topics/manifest.json');
  if (!existsSync(root)) return { contracts: [], manifest };
  const names = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
  const contracts = names.map((name) => readTopic(root, name, manifest, needIds));
  checkTables(contracts);
  checkManifest(manifest, contracts);
  return { contracts, manifest };
}

function readTopic(root: string, name: string, manifest: Manifest, needIds: boolean): TopicContract {
  const place = `topics/${name}`;
  // Kafka's rule: org.apache.kafka.common.internals.Topic
  if (!/^[a-zA-Z0-9._-]{1,249}$/.test(name)) {
    throw invalid(place, `"${name}" cannot be a topic's name`, 'letters, digits, dot, underscore and hyphen only');
  }
  const file = path.join(root, name, 'topic.yml');
  if (!existsSync(file)) throw invalid(place, 'there is no topic.yml', 'every folder under topics/ is a topic');
  const topic = readTopicFile(file, `${place}/topic.yml`);
  const versions = readVersions(path.join(root, name), place, (version) => idOf(manifest, name, version));
  const newest = versions.at(-1) as SchemaVersion;
  if (needIds) for (const version of versions) checkId(version, name);
  const fields = fieldsOf(newest, topic, place);
  checkFields(topic, fields);
  checkReadable(versions, place);
  return {
    name,
    table: topic.table,
    mode: topic.mode,
    format: topic.format,
    key: topic.key,
    tableKey: (topic.mode === 'patch' ? topic.key.slice(0, -1) : topic.key).map(
      (field) => topic.columnNames.get(field) ?? field,
    ),
    partitions: topic.partitions,
    settings: topic.settings,
    columns: tableColumns(fields, topic),
    kinds: topic.kinds,
    checks: topic.checks,
    columnNames: topic.columnNames,
    versions,
    place,
  };
}

/** `1.avsc`, `2.avsc`, ... without holes. */
function readVersions(folder: string, place: string, wireId: (version: number) => number | null): SchemaVersion[] {
  const numbers = readdirSync(folder)
    .filter((file) => file.endsWith('.avsc'))
    .map((file) => (/^[1-9]\d*\.avsc$/.test(file) ? Number.parseInt(file, 10) : badName(place, file)))
    .sort((a, b) => a - b);
  if (numbers.length === 0) throw invalid(place, 'there is no schema', 'the first version is 1.avsc');
  const hole = numbers.findIndex((version, i) => version !== i + 1);
  if (hole >= 0) {
    throw invalid(place, `${hole + 1}.avsc is missing: there is ${numbers[hole]}.avsc`, 'versions go up by one from 1');
  }
  return numbers.map((version) => {
    const name = `${place}/${version}.avsc`;
    try {
      const schema: unknown = JSON.parse(readFileSync(path.join(folder, `${version}.avsc`), 'utf8'));
      avscType(schema);
      const parsed = parseAvroSchema(schema);
      if (parsed.kind !== 'record') throw new Error(`the schema is a ${parsed.kind}, not a record`);
      return { version, schema, wireId: wireId(version) };
    } catch (error) {
      throw invalid(
        name,
        `not a usable Avro schema: ${messageOf(error)}`,
        'docs/topics.md lists the types that columns can have',
        error,
      );
    }
  });
}

function badName(place: string, file: string): never {
  throw invalid(`${place}/${file}`, 'a schema file is named by its version', 'for example 1.avsc');
}

function idOf(manifest: Manifest, topic: string, version: number): number | null {
  for (const [id, entry] of manifest) if (entry.topic === topic && entry.version === version) return id;
  return null;
}

function checkId({ version, wireId }: SchemaVersion, topic: string): void {
  if (wireId !== null) return;
  throw invalid(
    'topics/manifest.json',
    `version ${version} of ${topic} has no wire id`,
    `add "ID": { "topic": "${topic}", "version": ${version} } with an ID not used before`,
  );
}

function fieldsOf(newest: SchemaVersion, topic: TopicFile, place: string): ShapeField[] {
  try {
    return shapeFields(parseAvroSchema(newest.schema) as AvroRecord, topic);
  } catch (error) {
    throw invalid(
      `${place}/${newest.version}.avsc`,
      messageOf(error),
      'docs/topics.md lists the types that columns can have',
    );
  }
}

/** The newest schema must read whatever older ones wrote: the log still holds it. */
function checkReadable(versions: readonly SchemaVersion[], place: string): void {
  const newest = versions.at(-1) as SchemaVersion;
  for (const { version, schema } of versions) {
    try {
      void new ValueReader(schema, newest.schema);
    } catch (error) {
      throw new LensError(
        'SCHEMA_UNREADABLE',
        `version ${newest.version} cannot read version ${version}: ${messageOf(error)}`,
        {
          place: `${place}/${newest.version}.avsc`,
          hint: 'give added fields a default, keep or widen types (int to long, float to double), and name renamed fields in aliases',
          cause: error,
        },
      );
    }
  }
}

function checkTables(contracts: readonly TopicContract[]): void {
  const seen = new Map<string, TopicContract>();
  for (const contract of contracts) {
    const other = seen.get(contract.table.toLowerCase());
    if (other !== undefined) {
      throw invalid(
        `${contract.place}/topic.yml`,
        `the table ${contract.table} is fed by ${other.name} already`,
        'one topic a table',
      );
    }
    seen.set(contract.table.toLowerCase(), contract);
  }
}

function checkManifest(manifest: Manifest, contracts: readonly TopicContract[]): void {
  for (const [id, { topic, version }] of manifest) {
    const contract = contracts.find((candidate) => candidate.name === topic);
    const place = `topics/manifest.json ("${id}")`;
    if (contract === undefined) {
      const meant = closestName(
        topic,
        contracts.map((candidate) => candidate.name),
      );
      throw invalid(place, `there is no topic ${topic}`, meant === undefined ? undefined : `did you mean ${meant}?`);
    }
    if (version < 1 || version > contract.versions.length || !Number.isInteger(version)) {
      throw invalid(place, `${topic} has no version ${version}`, `add topics/${topic}/${version}.avsc`);
    }
  }
}

function invalid(place: string, message: string, hint?: string, cause?: unknown): LensError {
  return new LensError('TOPIC_CONTRACT_INVALID', message, { place, hint, cause });
}
