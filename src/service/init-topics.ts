import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { EventLog, TopicDescription } from '../log/event-log.ts';
import { seedOfSource } from '../materializer/raw-tables.ts';
import { readSeed } from '../project/csv/read-seed.ts';
import type { Project, Seed, SourceTable } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { columnsOnly, isDeclared, schemaOf } from '../topics/init-contract.ts';
import { fieldsOfJson } from '../topics/init-fields.ts';
import { fieldOfType } from '../topics/init-types.ts';
import { keyOfSample } from '../topics/init-key.ts';
import { TableFiles } from '../warehouse/table-files.ts';
import { sampleTopic } from '../topics/sample-topic.ts';
import { SchemaRegistry } from '../topics/schema-registry.ts';
import { declared, doubtsOf, type InitOutcome, keyDoubts, settingsOf, testedKey } from './draft-parts.ts';
import { namesIn, ofFile } from './file-draft.ts';

export interface InitTopics {
  readonly settings: Settings;
  readonly project: Project;
  readonly catalog: TopicCatalog;
  /** Null where there is none yet. */
  readonly log: EventLog | null;
  /** Names of source tables and seeds; all that have no topic when empty. */
  readonly names: readonly string[];
  /** Seeds by their files, besides sources. */
  readonly fromCsv: boolean;
  /** The topic of the one table that is named, where it is not called like it. */
  readonly fromTopic: string | undefined;
  /** The registry's newest schema, and no records. */
  readonly fromRegistry: boolean;
  /** Tables as they lie in files, before anything else that could say what the columns are. */
  readonly files: TableFiles | null;
  readonly key: readonly string[] | undefined;
  readonly samples: number;
}

/** Contracts for the tables that have none, inferred and not yet written. USAGE for a name that is no table without a topic. */
export async function initTopics(options: InitTopics): Promise<InitOutcome[]> {
  const { project, catalog, names, fromCsv, fromTopic } = options;
  const registry = options.settings.registry === undefined ? null : new SchemaRegistry(options.settings.registry);
  if (options.fromRegistry && registry === null) {
    throw new LensError('USAGE', 'there is no schema registry', { hint: '--registry URL, or SCHEMA_REGISTRY_URL' });
  }
  const sources = [...new Map(project.sources.map((source) => [source.table, source])).values()].filter(
    ({ table }) => catalog.forTable(table) === undefined,
  );
  // a source that is called like a seed is that seed's table, as it is for dbt
  const read = new Set(sources.map(({ table }) => table));
  const seeds = project.seeds.filter(({ alias }) => catalog.forTable(alias) === undefined && !read.has(alias));
  // what a seed makes needs no topic, unless that is asked for
  const needsTopic = (one: SourceTable | Seed): boolean =>
    fromCsv || ('table' in one && (options.files !== null || seedOfSource(project, one) === undefined));
  const wanted = (one: SourceTable | Seed): boolean =>
    names.length === 0 ? needsTopic(one) : names.some((name) => isNamed(one, name));
  const found = [...sources, ...seeds].filter(wanted);
  const unknown = names.find((name) => !found.some((one) => isNamed(one, name)));
  if (unknown !== undefined) {
    throw new LensError('USAGE', `${unknown} is no source table or seed without a topic`, {
      hint: `they are ${[...sources.map(({ table }) => table), ...seeds.map(({ name }) => name)].join(', ') || 'none'}`,
    });
  }
  const { files } = options;
  if (files !== null && files.isOneTable && found.length !== 1) {
    throw new LensError('USAGE', 'a file with one table is for one table', { hint: 'name it: lens topics init TABLE' });
  }
  if ((fromTopic !== undefined || options.key !== undefined) && found.length !== 1) {
    throw new LensError('USAGE', '--from-topic and --key are for one table', {
      hint: 'name it: lens topics init TABLE',
    });
  }
  const outcomes: InitOutcome[] = [];
  for (const one of found) {
    const file = files === null ? null : await files.find(one.schema, namesIn(one));
    if (file !== null && files !== null) outcomes.push(await ofFile(options, one, file, files));
    else outcomes.push('table' in one ? await ofSource(options, one, registry) : await ofSeed(options, one));
  }
  return outcomes;
}

function isNamed(one: SourceTable | Seed, name: string): boolean {
  return 'table' in one
    ? [one.table, one.name, `${one.sourceName}.${one.name}`].includes(name)
    : [one.name, one.alias].includes(name);
}

/** A source by its topic's records, by the registry, or else by the columns that its yml file declares. */
async function ofSource(
  options: InitTopics,
  source: SourceTable,
  registry: SchemaRegistry | null,
): Promise<InitOutcome> {
  const { log, samples } = options;
  const { table } = source;
  const candidates = options.fromTopic === undefined ? topicNames(source) : [options.fromTopic];
  const described = log === null ? new Map<string, TopicDescription>() : await log.topics(candidates);
  const topic = candidates.find((name) => described.has(name)) ?? candidates[0] ?? table;
  const there = described.get(topic);
  if (options.fromTopic !== undefined && there === undefined) {
    throw new LensError('LOG_TOPIC_MISSING', `there is no topic ${topic}`, {
      hint: 'lens topics init without --from-topic makes one',
    });
  }
  if (isDeclared(options.project.dir, topic)) return declared(table, topic);
  const base = { topic, table, partitions: there?.partitions ?? 1, settings: {} };
  const tested = options.key ?? testedKey(options.project, 'source', `${source.sourceName}.${source.name}`);
  const sample =
    log === null || there === undefined || options.fromRegistry
      ? null
      : await sampleTopic(log, topic, samples, registry);
  const newest = registry === null ? null : await registry.latest(topic);
  if (sample !== null && sample.samples.length > 0 && sample.format === 'json') {
    const draft = fieldsOfJson(sample.samples.map(({ value }) => value));
    const names = draft.fields.filter(({ nullable }) => !nullable).map(({ name }) => name);
    const key = options.key ?? keyOfSample(sample.samples, names);
    const from = `from ${sample.samples.length} JSON records of the topic ${topic}`;
    const doubts = [...doubtsOf(draft), ...keyDoubts(key), ...unreadDoubts(sample.unread, sample.why)];
    const schema = schemaOf(topic, draft.fields, key ?? []);
    return { table, draft: { ...base, ...schema, format: 'json', from, doubts }, notes: [] };
  }
  const schema = newest ?? sample?.schema ?? null;
  if (schema !== null) {
    const keyed =
      sample === null || sample.samples.length === 0 ? tested : keyOfSample(sample.samples, namesOf(schema));
    const key = options.key ?? keyed;
    const kept = columnsOnly(schema, key ?? []);
    const from =
      newest === null ? `from the records of the topic ${topic}` : `from the registry's subject ${topic}-value`;
    const doubts = [
      ...kept.left.map(({ name, why }) => `${name} is left out: ${why}`),
      ...keyDoubts(key),
      ...(sample === null ? [] : unreadDoubts(sample.unread, sample.why)),
    ];
    const own = { key: key ?? [], schema: kept.schema, columnNames: [] };
    return { table, draft: { ...base, ...own, format: 'avro', from, doubts }, notes: [] };
  }
  const why = sample !== null && sample.unread > 0 ? `no record of ${topic} could be read: ${sample.why}` : null;
  const untyped = source.columns.every(({ dataType }) => dataType === null);
  if (untyped || why !== null) {
    const seed = options.project.seeds.find(({ alias }) => alias === table);
    if (seed !== undefined) return ofSeed(options, seed);
    const types = source.columns.length === 0 ? 'no columns' : 'no data_type of its columns';
    const problem = why ?? `there is no topic ${topic} with records to look at, and ${source.path} declares ${types}`;
    return {
      table,
      problem,
      hint: '--from FILE looks at a DuckDB file, CSV, Parquet or JSON; or declare its columns with data_type, or name its topic with --from-topic; --registry for Avro',
    };
  }
  const key = tested ?? [];
  const fields = source.columns.map(({ name, dataType }) => fieldOfType(name, dataType, !key.includes(name)));
  const doubts = [...doubtsOf({ fields, left: [] }), ...keyDoubts(tested)];
  const settings = there === undefined ? settingsOf(key) : {};
  const from = `from the columns that ${source.path} declares`;
  const draft = { ...base, ...schemaOf(topic, fields, key), settings, format: 'avro', from, doubts } as const;
  return { table, draft, notes: [] };
}

/** A seed by its CSV, with the types that dbt gives it. */
async function ofSeed(options: InitTopics, seed: Seed): Promise<InitOutcome> {
  const { path: absolute, columns } = readSeed(options.project.dir, seed);
  await using files = await TableFiles.open(absolute);
  const stored = await files.file();
  const outcome = await ofFile(options, seed, { ...stored, place: seed.path, columns }, files);
  return 'draft' in outcome ? { ...outcome, notes: [notPublished(outcome.draft.topic, seed)] } : outcome;
}

function notPublished(topic: string, { path: file }: Seed): string {
  return `its rows are not in the topic yet: lens produce ${topic} --from ${file}; until then the table is empty`;
}

/** Names that a source's topic may have. */
function topicNames({ table, name, sourceName }: SourceTable): string[] {
  const short = table.replace(/^raw_/, '');
  return [...new Set([table, name, short, `${sourceName}.${name}`, `${sourceName}_${name}`])];
}

function unreadDoubts(unread: number, why: string | null): string[] {
  return unread === 0 ? [] : [`${unread} records of the sample could not be read: ${why}`];
}

function namesOf(schema: unknown): string[] {
  return (schema as { fields: { name: string }[] }).fields.map(({ name }) => name);
}
