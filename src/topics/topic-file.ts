import type { FieldCheck, LandingMode, TopicKind } from './topic-contract.ts';
import { YamlFile } from './yaml-file.ts';

/** topic.yml as it stands, types checked, not yet held against the schema. */
export interface TopicFile {
  readonly yaml: YamlFile;
  readonly table: string;
  readonly mode: LandingMode;
  readonly format: 'avro' | 'json';
  readonly key: readonly string[];
  readonly kinds: readonly TopicKind[];
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly checks: ReadonlyMap<string, FieldCheck>;
  /** By field, where the column of it is called otherwise. */
  readonly columnNames: ReadonlyMap<string, string>;
}

const MODES: readonly string[] = ['upsert', 'patch', 'append'];
const KEYS = ['description', 'table', 'mode', 'format', 'key', 'kinds', 'partitions', 'settings', 'checks', 'columns'];
const CHECKS = ['accepted_values', 'exact', 'min', 'max', 'length', 'required'];

/** Reads a topic.yml; TOPIC_CONTRACT_INVALID with line and key. */
export function readTopicFile(file: string, name: string): TopicFile {
  const yaml = new YamlFile(file, name);
  const root = yaml.map([], yaml.root, KEYS);
  if (root['table'] === undefined) yaml.fail([], 'the topic does not say which table it feeds', 'add: table: raw_NAME');
  const table = yaml.text(['table'], root['table']);
  const mode = root['mode'] === undefined ? 'upsert' : yaml.text(['mode'], root['mode']);
  if (!MODES.includes(mode)) yaml.fail(['mode'], `unknown mode "${mode}"`, `one of ${MODES.join(', ')}`);
  const format = root['format'] === undefined ? 'avro' : yaml.text(['format'], root['format']);
  if (format !== 'avro' && format !== 'json') yaml.fail(['format'], `unknown format "${format}"`, 'avro or json');
  const key = root['key'] === undefined ? [] : yaml.texts(['key'], root['key']);
  const partitions = root['partitions'] === undefined ? 1 : yaml.number(['partitions'], root['partitions']);
  if (!Number.isInteger(partitions) || partitions < 1) yaml.fail(['partitions'], 'at least one partition is needed');
  const topic: TopicFile = {
    yaml,
    table,
    mode: mode as LandingMode,
    format: format as 'avro' | 'json',
    key,
    kinds: kinds(yaml, root['kinds']),
    partitions,
    settings: settings(yaml, root['settings']),
    checks: checks(yaml, root['checks']),
    columnNames: columnNames(yaml, root['columns']),
  };
  checkMode(topic);
  return topic;
}

function checkMode({ yaml, mode, key, kinds, settings, columnNames }: TopicFile): void {
  if (mode === 'patch' && columnNames.size > 0)
    yaml.fail(['columns'], 'in mode patch columns are called as their fields');
  if (new Set(key).size < key.length) yaml.fail(['key'], 'a field is in the key twice');
  if (mode === 'upsert' && key.length === 0) yaml.fail(['key'], 'mode upsert needs a key');
  if (mode === 'patch' && key.length < 2) {
    yaml.fail(['key'], 'mode patch needs a key that ends with the kind', 'for example: key: [prompt_id, kind]');
  }
  if (mode === 'patch' && kinds.length === 0) yaml.fail(['kinds'], 'mode patch needs kinds with their columns');
  if (mode !== 'patch' && kinds.length > 0) yaml.fail(['kinds'], `kinds belong to mode patch, this is ${mode}`);
  if (kinds.length > 31) yaml.fail(['kinds'], 'at most 31 kinds');
  if (key.length === 0 && settings['cleanup.policy']?.includes('compact')) {
    yaml.fail(['settings', 'cleanup.policy'], 'a compacted topic needs a key');
  }
}

function columnNames(yaml: YamlFile, value: unknown): Map<string, string> {
  const named = Object.entries(yaml.map(['columns'], value, null));
  return new Map(named.map(([field, column]) => [field, yaml.text(['columns', field], column)]));
}

function kinds(yaml: YamlFile, value: unknown): TopicKind[] {
  return Object.entries(yaml.map(['kinds'], value, null)).map(([name, columns]) => ({
    name,
    columns: yaml.texts(['kinds', name], columns),
  }));
}

/** Settings keep Kafka's names and are texts there, whatever YAML makes of them. */
function settings(yaml: YamlFile, value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, setting] of Object.entries(yaml.map(['settings'], value, null))) {
    if (typeof setting !== 'string' && typeof setting !== 'number' && typeof setting !== 'boolean') {
      yaml.fail(['settings', name], 'a text, number or boolean is needed here');
    }
    found[name] = String(setting);
  }
  return found;
}

function checks(yaml: YamlFile, value: unknown): Map<string, FieldCheck> {
  const found = new Map<string, FieldCheck>();
  for (const field of Object.keys(yaml.map(['checks'], value, null))) {
    const path = ['checks', field];
    const check = yaml.map(path, (value as Record<string, unknown>)[field], CHECKS);
    const flag = (name: string): boolean => {
      const given = check[name] ?? false;
      return typeof given === 'boolean' ? given : yaml.fail([...path, name], 'true or false is needed here');
    };
    const bound = (name: string): number | undefined =>
      check[name] === undefined ? undefined : yaml.number([...path, name], check[name]);
    const [min, max, length] = [bound('min'), bound('max'), bound('length')];
    const accepted = check['accepted_values'];
    if (min !== undefined && max !== undefined && min > max) yaml.fail([...path, 'min'], 'min is above max');
    if (length !== undefined && (!Number.isInteger(length) || length < 1)) {
      yaml.fail([...path, 'length'], 'a length of at least 1 is needed');
    }
    if (flag('exact') && accepted === undefined) yaml.fail([...path, 'exact'], 'exact belongs to accepted_values');
    found.set(field, {
      ...(accepted === undefined ? {} : { acceptedValues: yaml.texts([...path, 'accepted_values'], accepted) }),
      ...(flag('exact') ? { exact: true } : {}),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(length === undefined ? {} : { length }),
      ...(flag('required') ? { required: true } : {}),
    });
  }
  return found;
}
