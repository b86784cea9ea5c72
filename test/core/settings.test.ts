import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import { exactJson, parseExactJson } from '../../src/core/exact-json.ts';
import { Float } from '../../src/core/numbers.ts';
import { SETTINGS } from '../../src/core/setting-table.ts';
import { loadSettings, type Settings } from '../../src/core/settings.ts';

function project(lensYml?: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-settings-'));
  if (lensYml !== undefined) writeFileSync(path.join(dir, 'lens.yml'), lensYml);
  return dir;
}

function load(lensYml: string, flags: Record<string, unknown> = {}, env: Record<string, string> = {}): Settings {
  return loadSettings({ flags: { projectDir: project(lensYml), ...flags }, env });
}

function failure(work: () => unknown): LensError {
  try {
    work();
  } catch (error) {
    if (error instanceof LensError) return error;
    throw error;
  }
  throw new Error('it should have been refused');
}

describe('sources', () => {
  test('defaults without file, environment and flags', () => {
    const dir = project();
    expect(loadSettings({ cwd: dir })).toEqual({
      projectDir: dir,
      dataDir: '.lens',
      brokers: [],
      registry: undefined,
      kafka: { group: 'diffusion-lens', ssl: false, sasl: undefined },
      batch: { maxRecords: 50_000, maxMilliseconds: 200 },
      bulk: { lagRecords: 100_000 },
      compaction: { intervalSeconds: 30 },
      models: { onFailure: 'leave' },
      warehouse: { memoryLimit: undefined, threads: undefined },
      service: { port: 0 },
      logFormat: 'text',
      logLevel: 'info',
      quiet: false,
      vars: {},
      target: { name: undefined, schema: undefined },
    });
  });

  test('flags over environment over file over default, key by key', () => {
    const file = 'brokers: [a:1]\nbatch: {maxRecords: 10, maxMilliseconds: 20}\nkafka:\n  group: from-file\n';
    const env = { KAFKA_BROKERS: 'b:1,c:2', LENS_BATCH_MAX_RECORDS: '30' };
    const settings = load(file, { brokers: 'd:4' }, env);
    expect(settings.brokers).toEqual(['d:4']);
    expect(settings.batch).toEqual({ maxRecords: 30, maxMilliseconds: 20 });
    expect(settings.kafka.group).toBe('from-file');
    expect(load(file, {}, env).brokers).toEqual(['b:1', 'c:2']);
    expect(load(file).brokers).toEqual(['a:1']);
  });

  test('an empty variable is none, an empty file too', () => {
    expect(load('', {}, { KAFKA_BROKERS: '' }).brokers).toEqual([]);
    expect(load('batch:\n# nothing yet\n').batch.maxRecords).toBe(50_000);
  });

  test('variables of the project from file and flag', () => {
    expect(load('vars: {start: "2026-01-01", n: 3}\n').vars).toEqual({ start: '2026-01-01', n: 3 });
    expect(load('', { vars: '{n: [1, 2]}' }).vars).toEqual({ n: [1, 2] });
    expect(() => load('', { vars: '1.5' })).toThrow('vars must be a mapping of names to values');
  });

  test('variables are read as dbt reads YAML, and other settings are not', () => {
    const text =
      '{yes: yes, no: off, octal: 010, thousand: 1_000, time: 12:30:00, float: 1.0, long: 9007199254740993, text: 0o17}';
    const vars = {
      yes: true,
      no: false,
      octal: 8,
      thousand: 1000,
      time: 45_000,
      float: new Float(1),
      long: 9007199254740993n,
      text: '0o17',
    };
    expect(load('', { vars: text }).vars).toStrictEqual(vars);
    expect(load(`vars: ${text}\nbatch: {maxRecords: 010}\n`)).toMatchObject({ vars, batch: { maxRecords: 10 } });
    expect(load(`vars: ${text}\n`).vars).toStrictEqual(vars);
    expect(parseExactJson(exactJson(vars))).toStrictEqual(vars);
  });

  test('all of sasl or none of it, and the password is never shown', () => {
    const sasl = { LENS_KAFKA_SASL_USERNAME: 'u', LENS_KAFKA_SASL_PASSWORD: 'p' };
    expect(load('kafka: {sasl: {mechanism: plain}}', {}, sasl).kafka.sasl).toEqual({
      mechanism: 'plain',
      username: 'u',
      password: 'p',
    });
    expect(failure(() => load('', {}, sasl)).message).toContain('kafka.sasl.mechanism is missing');
    const shown = failure(() => load('kafka: {sasl: {password: [secret-word]}}'));
    expect(JSON.stringify([shown.message, shown.hint, shown.place])).not.toContain('secret-word');
  });
});

describe('what is refused names place and key', () => {
  const cases: [string, () => unknown, { place: RegExp; text: RegExp; hint?: RegExp }][] = [
    ['unknown key', () => load('quiet: true\nbatchs: {}\n'), { place: /lens\.yml:2$/, text: /batchs/, hint: /batch/ }],
    [
      'unknown key in a group',
      () => load('batch:\n  maxRecord: 5\n'),
      { place: /lens\.yml:2$/, text: /batch\.maxRecord\b/, hint: /did you mean batch\.maxRecords\?/ },
    ],
    ['a group that is a value', () => load('batch: 5\n'), { place: /lens\.yml:1$/, text: /batch is a group/ }],
    ['the project in its own file', () => load('projectDir: x\n'), { place: /lens\.yml:1$/, text: /projectDir/ }],
    ['no YAML', () => load('a: [1\n'), { place: /lens\.yml:\d$/, text: /./ }],
    ['a list at the top', () => load('- 1\n'), { place: /lens\.yml$/, text: /mapping/ }],
    [
      'a number out of range',
      () => load('service: {port: 70000}\n'),
      { place: /lens\.yml:1$/, text: /service\.port.*70000/ },
    ],
    [
      'a fraction',
      () => load('', {}, { LENS_BATCH_MAX_RECORDS: '1.5' }),
      { place: /^LENS_BATCH_MAX_RECORDS$/, text: /1\.5/ },
    ],
    [
      'zero records',
      () => load('', { 'batch.maxRecords': '0' }),
      { place: /^--set batch.maxRecords$/, text: /from 1/ },
    ],
    ['a broker without port', () => load('', { brokers: 'kafka' }), { place: /^--brokers$/, text: /host:port/ }],
    [
      'a level',
      () => load('', {}, { LENS_LOG_LEVEL: 'loud' }),
      { place: /^LENS_LOG_LEVEL$/, text: /debug, info, warn, error/ },
    ],
    ['true as a number', () => load('batch: {maxRecords: true}'), { place: /lens\.yml:1/, text: /whole number/ }],
    ['variables that are a list', () => load('', { vars: '[1]' }), { place: /^--vars$/, text: /mapping/ }],
    [
      'an unknown --set',
      () => load('', { 'batch.maxrecords': '1' }),
      { place: /--set/, text: /./, hint: /batch\.maxRecords/ },
    ],
  ];
  test.each(cases)('%s', (_, work, expected) => {
    const error = failure(work);
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.place).toMatch(expected.place);
    expect(error.message).toMatch(expected.text);
    if (expected.hint !== undefined) expect(error.hint).toMatch(expected.hint);
  });
});

test('docs/settings.md has a row for each setting with its variable, default and flag, and no other', () => {
  const page = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.map((row) => /^\| `([^`]+)`/.exec(row)?.[1])).toEqual(SETTINGS.map(({ key }) => key));
  for (const [i, setting] of SETTINGS.entries()) {
    const row = rows[i] as string;
    expect(row).toContain(`\`${setting.env}\``);
    expect(row).toContain(setting.description);
    if (setting.flag !== undefined) expect(row).toContain(`\`${setting.flag.split(' ')[0]}\``);
    if (setting.default !== undefined) expect(row).toContain(`\`${String(setting.default)}\``);
  }
});

describe('memory', () => {
  test.each(['2GB', '512MB', '1.5GiB', '64 mb'])('%s is an amount', (given) => {
    expect(load('', { 'warehouse.memoryLimit': given }).warehouse.memoryLimit).toBe(given);
  });

  test.each([
    ['lots', /must be an amount of memory, as 2GB or 512MB, not "lots"/],
    ['2', /must be an amount of memory/],
    ['80%', /must be an amount of memory/],
    ['1KB', /must be at least 64MB: .*, not "1KB"/],
    ['0GB', /must be at least 64MB/],
  ])('%s is refused with its line', (given, message) => {
    const error = failure(() => load(`quiet: true\nwarehouse:\n  memoryLimit: ${given}\n`));
    expect([error.code, error.message]).toEqual(['CONFIG_INVALID', expect.stringMatching(message) as string]);
    expect(error.place).toMatch(/lens\.yml:3$/);
  });
});

test('a data folder that is a file, or below one, is refused', () => {
  const dir = project('');
  for (const dataDir of ['lens.yml', 'lens.yml/below/it']) {
    expect(failure(() => loadSettings({ flags: { dataDir }, cwd: dir }))).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`the data folder ${dataDir} cannot be used`) as string,
    });
  }
  expect(loadSettings({ flags: { dataDir: 'not/there/yet' }, cwd: dir }).dataDir).toBe('not/there/yet');
});
