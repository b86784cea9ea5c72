import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { EventLog, TopicDescription } from '../log/event-log.ts';
import { readSeed } from '../project/csv/read-seed.ts';
import type { Project, Seed, SourceTable } from '../project/project-contract.ts';
import type { TopicCatalog } from '../topics/catalog.ts';
import { columnsOnly, type DraftContract, isDeclared, schemaOf } from '../topics/init-contract.ts';
import { type Draft, type DraftField, fieldOfType, fieldsOfJson } from '../topics/init-fields.ts';
import { keyOfSample } from '../topics/init-key.ts';
import { sampleTopic } from '../topics/sample-topic.ts';
import { SchemaRegistry } from '../topics/schema-registry.ts';

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
  readonly key: readonly string[] | undefined;
  readonly samples: number;
}

/** What came of one table: a contract to write, or why there is none. */
export type InitOutcome =
  | { readonly table: string; readonly draft: DraftContract; readonly notes: readonly string[] }
  | { readonly table: string; readonly problem: string; readonly hint: string };

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
  const seeds = project.seeds.filter(({ alias }) => catalog.forTable(alias) === undefined);
  const wanted = (one: SourceTable | Seed): boolean =>
    names.length === 0 ? 'table' in one || fromCsv : names.some((name) => isNamed(one, name));
  const found = [...sources, ...seeds].filter(wanted);
  const unknown = names.find((name) => !found.some((one) => isNamed(one, name)));
  if (unknown !== undefined) {
    throw new LensError('USAGE', `${unknown} is no source table or seed without a topic`, {
      hint: `they are ${[...sources.map(({ table }) => table), ...seeds.map(({ name }) => name)].join(', ') || 'none'}`,
    });
  }
  if ((fromTopic !== undefined || options.key !== undefined) && found.length !== 1) {
    throw new LensError('USAGE', '--from-topic and --key are for one table', {
      hint: 'name it: lens topics init TABLE',
    });
  }
  const outcomes: InitOutcome[] = [];
  for (const one of found) {
    outcomes.push('table' in one ? await ofSource(options, one, registry) : ofSeed(options, one));
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
    return { table, draft: { ...base, format: 'json', key: key ?? [], schema, from, doubts }, notes: [] };
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
    return { table, draft: { ...base, format: 'avro', key: key ?? [], schema: kept.schema, from, doubts }, notes: [] };
  }
  const why = sample !== null && sample.unread > 0 ? `no record of ${topic} could be read: ${sample.why}` : null;
  if (source.columns.length === 0 || why !== null) {
    const problem = why ?? `there is no topic ${topic} with records to look at, and ${source.path} declares no columns`;
    return {
      table,
      problem,
      hint: 'declare its columns with data_type, or name its topic with --from-topic; --registry for Avro',
    };
  }
  const key = tested ?? [];
  const fields = source.columns.map(({ name, dataType }) => fieldOfType(name, dataType, !key.includes(name)));
  const doubts = [...doubtsOf({ fields, left: [] }), ...keyDoubts(tested)];
  const settings = there === undefined ? settingsOf(key) : {};
  const from = `from the columns that ${source.path} declares`;
  const draft = { ...base, settings, format: 'avro', key, schema: schemaOf(topic, fields, key), from, doubts } as const;
  return { table, draft, notes: [] };
}

function ofSeed(options: InitTopics, seed: Seed): InitOutcome {
  const topic = options.fromTopic ?? seed.name;
  if (isDeclared(options.project.dir, topic)) return declared(seed.alias, topic);
  const key = options.key ?? testedKey(options.project, 'seed', seed.name);
  const { columns } = readSeed(options.project.dir, seed);
  const fields: DraftField[] = columns.map(({ name, type }) => fieldOfType(name, type, !(key ?? []).includes(name)));
  const bad = fields.find(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (bad !== undefined) {
    return {
      table: seed.alias,
      problem: `the column ${JSON.stringify(bad.name)} cannot be a field`,
      hint: 'rename it in the file',
    };
  }
  const draft: DraftContract = {
    topic,
    table: seed.alias,
    format: 'avro',
    key: key ?? [],
    partitions: 1,
    settings: settingsOf(key ?? []),
    schema: schemaOf(topic, fields, key ?? []),
    from: `from ${seed.path}`,
    doubts: [...doubtsOf({ fields, left: [] }), ...keyDoubts(key)],
  };
  const note = `its rows are not in the topic yet: publish them with lens produce ${topic}; until then the table is empty`;
  return { table: seed.alias, draft, notes: [note] };
}

function declared(table: string, topic: string): InitOutcome {
  return {
    table,
    problem: `topics/${topic} is there already, for another table`,
    hint: 'name another topic with --from-topic',
  };
}

/** Names that a source's topic may have. */
function topicNames({ table, name, sourceName }: SourceTable): string[] {
  const short = table.replace(/^raw_/, '');
  return [...new Set([table, name, short, `${sourceName}.${name}`, `${sourceName}_${name}`])];
}

/** The column that data tests say is unique and not null. */
function testedKey(project: Project, kind: 'source' | 'seed', name: string): readonly string[] | null {
  const own = project.tests.filter(({ target }) => target?.kind === kind && target.name === name);
  const has = (test: string, column: string): boolean =>
    own.some(({ testName, columnName }) => testName === test && columnName === column);
  const found = own.find(
    ({ columnName }) => columnName !== null && has('unique', columnName) && has('not_null', columnName),
  );
  return found?.columnName === undefined || found.columnName === null ? null : [found.columnName];
}

function settingsOf(key: readonly string[]): Record<string, string> {
  return key.length === 0 ? { 'retention.ms': '-1' } : { 'cleanup.policy': 'compact' };
}

function namesOf(schema: unknown): string[] {
  return (schema as { fields: { name: string }[] }).fields.map(({ name }) => name);
}

function doubtsOf({ fields, left }: Draft): string[] {
  return [
    ...fields.flatMap(({ name, doubt }) => (doubt === null ? [] : [`${name} is a text: ${doubt}`])),
    ...left.map(({ name, why }) => `${name} is left out: it ${why}`),
  ];
}

function keyDoubts(key: readonly string[] | null): string[] {
  if (key !== null && key.length > 0) return [];
  const why = key === null ? 'nothing says what the message key is' : 'its records have no key';
  return [`${why}, so that every record is a row (mode append); --key COLUMN makes the last record of a key its row`];
}

function unreadDoubts(unread: number, why: string | null): string[] {
  return unread === 0 ? [] : [`${unread} records of the sample could not be read: ${why}`];
}
