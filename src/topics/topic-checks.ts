import { closestName } from '../core/closest-name.ts';
import type { ShapeField } from './record-shape.ts';
import type { FieldCheck } from './topic-contract.ts';
import type { TopicFile } from './topic-file.ts';

/** Holds a topic.yml against its newest schema: fields that are named must be there and of the right type. */
export function checkFields(topic: TopicFile, fields: readonly ShapeField[]): void {
  const { yaml } = topic;
  const names = fields.map((field) => field.name);
  const need = (path: (string | number)[], name: string): ShapeField => {
    const found = fields.find((field) => field.name === name);
    if (found !== undefined) return found;
    const meant = closestName(name, names);
    const hint = meant === undefined ? `fields: ${names.join(', ')}` : `did you mean ${meant}?`;
    return yaml.fail(path, `the newest schema has no field ${name}`, hint);
  };
  topic.key.forEach((name, i) => need(['key', i], name));
  for (const name of topic.columnNames.keys()) need(['columns', name], name);
  checkColumnNames(
    topic,
    fields.map(({ column }) => column.name),
  );
  for (const [name, check] of topic.checks) checkField(topic, need(['checks', name], name), check);
  if (topic.mode === 'patch') checkKinds(topic, fields, need);
}

/** DuckDB's column names do not tell upper from lower case. */
function checkColumnNames({ yaml, mode }: TopicFile, names: readonly string[]): void {
  const seen = new Set<string>(mode === 'patch' ? ['_kinds'] : []);
  for (const name of names) {
    if (seen.has(name.toLowerCase())) yaml.fail([], `two columns would be named ${name.toLowerCase()}`);
    seen.add(name.toLowerCase());
  }
}

function checkField({ yaml, mode, key }: TopicFile, field: ShapeField, check: FieldCheck): void {
  const path = ['checks', field.name];
  const { kind } = field.column.type;
  const only = (name: string, what: string): never =>
    yaml.fail([...path, name], `${name} is for ${what}, ${field.name} is ${field.type.kind}`);
  if (check.acceptedValues !== undefined && kind !== 'varchar') only('accepted_values', 'texts');
  for (const bound of ['min', 'max'] as const) {
    const value = check[bound];
    if (value === undefined) continue;
    if (!['bigint', 'integer', 'double', 'float', 'decimal'].includes(kind)) only(bound, 'numbers');
    const whole = kind === 'bigint' || kind === 'integer';
    if (whole && !Number.isSafeInteger(value))
      yaml.fail([...path, bound], `${bound} must be a whole number up to 2^53 - 1`);
  }
  if (check.length !== undefined && kind !== 'array') only('length', 'arrays');
  if (check.required === true && mode === 'patch' && key.includes(field.name)) {
    yaml.fail([...path, 'required'], 'a key field is required already');
  }
}

/** Every field of a patch topic is in the key or in exactly one kind, and can be null for the other kinds. */
function checkKinds(
  { yaml, key, kinds }: TopicFile,
  fields: readonly ShapeField[],
  need: (path: (string | number)[], name: string) => ShapeField,
): void {
  const owner = new Map<string, string>(key.map((name) => [name, 'the key']));
  for (const kind of kinds) {
    kind.columns.forEach((name, i) => {
      const path = ['kinds', kind.name, i];
      const other = owner.get(name);
      if (other !== undefined) yaml.fail(path, `${name} belongs to ${other} already`);
      if (!need(path, name).nullable) yaml.fail(path, `${name} must be nullable: records of other kinds have none`);
      owner.set(name, kind.name);
    });
  }
  const rest = fields.find((field) => !owner.has(field.name));
  if (rest !== undefined) yaml.fail(['kinds'], `the field ${rest.name} belongs to no kind`);
  const kindField = fields.find((field) => field.name === key.at(-1));
  if (kindField?.column.type.kind !== 'varchar') {
    yaml.fail(['key'], `the kind, ${key.at(-1)}, must be a string`);
  }
}
