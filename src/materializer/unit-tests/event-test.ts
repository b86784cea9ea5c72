import type { Project, UnitTest } from '../../project/project-contract.ts';
import { pythonText } from '../../project/python-text.ts';
import { isYamlRecord, type YamlRecord } from '../../project/yaml-file.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { type Fixture, invalid, readFixture } from './fixture.ts';
import { givenInputs } from './given-inputs.ts';

/** One record, in the form in which `lens produce` takes it. */
export interface TestRecord {
  readonly topic: string;
  /** Undefined: taken from the value. */
  readonly key: unknown;
  /** Null: a tombstone. */
  readonly value: unknown;
  /** Bytes as they are, in base64, in place of key and value. */
  readonly keyBase64: string | undefined;
  readonly valueBase64: string | undefined;
  readonly partition: number | undefined;
  /** Milliseconds since 1970. */
  readonly timestamp: number | undefined;
}

export interface Expectation {
  /** What the model's relation holds; null where nothing is said. */
  readonly rows: Fixture | null;
  /** Dead letters, by columns of `lens.dead_letters`; null where nothing is said. */
  readonly deadLetters: Fixture | null;
}

/** Records, and what is expected after them. */
export interface EventStep {
  readonly records: readonly TestRecord[];
  readonly expect: Expectation | null;
}

/** A unit test over events: `given`, then `batches`, then `expect`. */
export interface EventTest {
  readonly test: UnitTest;
  /** The last one has an expectation. */
  readonly steps: readonly EventStep[];
}

const KEYS = new Set(['name', 'model', 'description', 'config', 'overrides', 'defaults', 'given', 'batches', 'expect']);
const BATCH_KEYS = new Set(['events', 'topic', 'records', 'rows', 'expect', 'input']);

/** Reads an entry of `event_tests:`. PROJECT_INVALID with what is wrong, TOPIC_UNKNOWN for a topic that is not there. */
export function readEventTest(project: Project, catalog: TopicCatalog, test: UnitTest): EventTest {
  const { yml } = test;
  for (const key of Object.keys(yml)) {
    if (!KEYS.has(key)) throw invalid(test, `event test ${test.name} has no ${key}`, [...KEYS].join(', '));
  }
  const defaults = recordOf(test, yml['defaults'] ?? {}, 'defaults');
  const records = (said: YamlRecord): TestRecord[] => recordsOf(project, catalog, test, said, defaults);
  const steps: EventStep[] = [];
  const given = listOf(test, yml['given'] ?? [], 'given').flatMap(records);
  if (given.length > 0) steps.push({ records: given, expect: null });
  for (const batch of listOf(test, yml['batches'] ?? [], 'batches')) {
    for (const key of Object.keys(batch)) {
      if (!BATCH_KEYS.has(key)) throw invalid(test, `a batch of event test ${test.name} has no ${key}`);
    }
    const events = batch['events'] === undefined ? [batch] : listOf(test, batch['events'], 'events');
    const expect = batch['expect'] === undefined ? null : expectation(project, test, batch['expect']);
    steps.push({ records: events.flatMap(records), expect });
  }
  if (steps.length === 0) throw invalid(test, `event test ${test.name} has neither given nor batches`);
  const last = steps.at(-1) as EventStep;
  const expect = yml['expect'] === undefined ? last.expect : expectation(project, test, yml['expect']);
  if (expect === null) throw invalid(test, `event test ${test.name} expects nothing`, 'expect: {rows: [...]}');
  steps[steps.length - 1] = { records: last.records, expect };
  return { test, steps };
}

function expectation(project: Project, test: UnitTest, said: unknown): Expectation {
  const { dead_letters: letters, ...rows } = recordOf(test, said, 'expect');
  const expected = {
    rows: Object.keys(rows).length === 0 ? null : readFixture(project, test, rows, 'expected'),
    deadLetters: letters === undefined ? null : readFixture(project, test, { rows: letters }, 'expected'),
  };
  if (expected.rows === null && expected.deadLetters === null) {
    throw invalid(test, `an expect of event test ${test.name} says nothing`, 'expect: {rows: [...]}');
  }
  return expected;
}

/** `topic:` with `records:` (key, value) or `rows:` (values alone), or rows of the source that a topic feeds. */
function recordsOf(
  project: Project,
  catalog: TopicCatalog,
  test: UnitTest,
  said: YamlRecord,
  defaults: YamlRecord,
): TestRecord[] {
  const topic = said['input'] === undefined ? topicOf(catalog, test, said) : topicOfInput(project, catalog, test, said);
  const filled = (value: unknown): unknown => {
    const plain = jsonOf(value);
    return isYamlRecord(plain) ? { ...recordOf(test, jsonOf(defaults[topic] ?? {}), 'defaults'), ...plain } : plain;
  };
  const nothing = { keyBase64: undefined, valueBase64: undefined, partition: undefined, timestamp: undefined };
  if (said['records'] === undefined) {
    const fixture = readFixture(project, test, said, 'input');
    if ('sql' in fixture) throw invalid(test, `rows of topic ${topic} are given as dict or csv`);
    return fixture.rows.map((row) => ({ ...nothing, topic, key: undefined, value: filled(row) }));
  }
  return listOf(test, said['records'], 'records').map((record) => {
    const { key, value, keyBase64, valueBase64, partition, timestamp, ...others } = record;
    const [other] = Object.keys(others);
    if (other !== undefined) {
      throw invalid(
        test,
        `a record of topic ${topic} has no ${other}`,
        'records have key and value; plain values go under rows:',
      );
    }
    return {
      topic,
      key: 'key' in record ? jsonOf(key) : undefined,
      value: filled(value ?? null),
      keyBase64: textOf(test, keyBase64, 'keyBase64'),
      valueBase64: textOf(test, valueBase64, 'valueBase64'),
      partition: numberOf(test, partition, 'partition'),
      timestamp: numberOf(test, timestamp, 'timestamp'),
    };
  });
}

function topicOf(catalog: TopicCatalog, test: UnitTest, { topic }: YamlRecord): string {
  if (typeof topic !== 'string')
    throw invalid(test, `events of ${test.name} need a topic`, '- topic: NAME\n  records: [...]');
  return catalog.contract(topic).name;
}

function topicOfInput(project: Project, catalog: TopicCatalog, test: UnitTest, said: YamlRecord): string {
  const [given] = givenInputs(project, { ...test, yml: { given: [said] } });
  const contract = given?.relation.kind === 'source' ? catalog.forTable(given.relation.identifier) : undefined;
  if (contract === undefined) {
    throw invalid(
      test,
      `${String(said['input'])} is fed by no topic`,
      'an event test is given records of topics, or rows of the sources that they feed; dbt’s unit_tests: takes rows of any input',
    );
  }
  return contract.name;
}

function listOf(test: UnitTest, value: unknown, what: string): readonly YamlRecord[] {
  if (Array.isArray(value) && value.every(isYamlRecord)) return value;
  throw invalid(test, `${what} of event test ${test.name} must be a list of maps`);
}

function recordOf(test: UnitTest, value: unknown, what: string): YamlRecord {
  if (isYamlRecord(value)) return value;
  throw invalid(test, `${what} of event test ${test.name} must be a map`);
}

function textOf(test: UnitTest, value: unknown, what: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw invalid(test, `${what} must be a text`);
}

function numberOf(test: UnitTest, value: unknown, what: string): number | undefined {
  if (value === undefined || typeof value === 'number') return value;
  throw invalid(test, `${what} must be a number`);
}

/** A YAML value in the JSON form of records: fractions as numbers, whole ones beyond 2^53 as texts. */
function jsonOf(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object') return value;
  if (!isYamlRecord(value)) return Number(pythonText(value));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, jsonOf(one)]));
}
