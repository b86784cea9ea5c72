import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { lens, LensProcess } from './lens-process.ts';
import { Shop } from './shop.ts';

const shop = new Shop();
const empty = mkdtempSync(path.join(tmpdir(), 'lens-empty-'));
const broken = mkdtempSync(path.join(tmpdir(), 'lens-broken-'));
writeFileSync(path.join(broken, 'lens.yml'), 'quiet: true\nbatch:\n  maxRecord: 5\n');

/** Makes the warehouse that queries need. */
beforeAll(() => shop.output(['run', '--quiet']));

const cases: [string, string[], number, RegExp][] = [
  ['an unknown command', ['rum'], 2, /^error USAGE: unknown command 'rum'\n {2}hint: did you mean run\?\n$/],
  [
    'an unknown flag',
    ['run', '--selct', 'a'],
    2,
    /^error USAGE: unknown option '--selct'\n {2}hint: did you mean --select\?\n$/,
  ],
  [
    'a missing argument',
    ['consume'],
    2,
    /^error USAGE: missing required argument 'topic'\n {2}hint: lens consume --help\n$/,
  ],
  [
    'a missing subcommand',
    ['topics'],
    2,
    /^error USAGE: lens topics needs a subcommand\n {2}hint: lens topics --help\n/,
  ],
  ['a value out of its choices', ['query', 'select 1', '--format', 'xml'], 2, /^error USAGE: .*table, json, csv/],
  ['a number that is none', ['demo', '--users', 'many'], 2, /^error USAGE: .*whole number/],
  [
    'a bad value after global flags',
    ['--log-format', 'text', 'query', 'select 1', '--limit', 'x'],
    2,
    /^error USAGE: .*\n {2}hint: lens query --help\n$/,
  ],
  [
    'a bad value of a subcommand',
    ['ingest', 'prompts', '--count', '0'],
    2,
    /^error USAGE: .*\n {2}hint: lens ingest prompts --help\n$/,
  ],
  [
    'flags of a subcommand that exclude each other',
    ['ingest', 'prompts', '--limit', '1'],
    2,
    /^error USAGE: .*\n {2}hint: lens ingest prompts --help\n$/,
  ],
  [
    'a folder for what reads none',
    ['ingest', 'enrichments', 'llm', '--folder', 'x'],
    2,
    /^error USAGE: --folder is for images, not for llm\n {2}hint: lens ingest enrichments --help\n$/,
  ],
  [
    'SQL that starts as an option does',
    ['query', '-- comment'],
    2,
    /^error USAGE: "-- comment" is taken for an option.*\n {2}hint: write -- before it: lens query -- \.\.\.\n$/,
  ],
  ['a bad --set', ['lag', '--set', 'x'], 2, /^error USAGE: --set takes KEY=VALUE, not x\n/],
  [
    'an unknown setting',
    ['lag', '--set', 'batch.max=1'],
    2,
    /^error CONFIG_INVALID: there is no setting batch\.max\n {2}at --set/,
  ],
  [
    'a wrong file',
    ['status', '--project-dir', broken],
    2,
    /^error CONFIG_INVALID: .*\n {2}at .*lens\.yml:3\n {2}hint: did you mean batch\.maxRecords\?\n$/,
  ],
  ['no project', ['run', '--project-dir', empty], 2, /^error PROJECT_NOT_FOUND: /],
  ['an unknown topic', ['consume', 'order', ...shop.flags], 2, /^error TOPIC_UNKNOWN: [\s\S]*orders/],
  ['an unknown model', ['compile', 'fct_order', ...shop.flags], 2, /^error MODEL_UNKNOWN_REF: [\s\S]*fct_orders/],
  [
    'a missing file',
    ['produce', 'orders', 'nothing.jsonl', ...shop.flags],
    1,
    /^error INPUT_UNREADABLE: .*nothing\.jsonl/,
  ],
  ['several statements', ['query', 'select 1; select 2', ...shop.flags], 1, /^error QUERY_REFUSED: /],
  ['a statement that writes', ['query', 'create table t (a int)', ...shop.flags], 1, /^error QUERY_REFUSED: /],
  ['reading a file', ['query', "select * from read_csv('/etc/passwd')", ...shop.flags], 1, /^error QUERY_FAILED: /],
  ['an unknown table', ['query', 'select * from nothing', ...shop.flags], 1, /^error QUERY_FAILED: /],
];

test.each([
  ['demo', '--once'],
  ['ingest', 'prompts'],
  ['ingest', 'generations'],
])('%s %s outside of the shipped project creates nothing', async (...args) => {
  const dataDir = path.join(mkdtempSync(path.join(tmpdir(), 'lens-none-')), 'data');
  const nowhere = await lens([...args, '--project-dir', empty, '--data-dir', dataDir], { cwd: empty });
  const none = args[0] === 'demo' ? /^error PROJECT_NOT_FOUND: / : /^error TOPIC_UNKNOWN: /;
  expect([nowhere.code, nowhere.stdout, nowhere.stderr]).toEqual([2, '', expect.stringMatching(none) as string]);
  const other = await lens([...args, ...shop.flags, '--data-dir', dataDir], { cwd: empty });
  expect([other.code, other.stdout]).toEqual([2, '']);
  expect(other.stderr).toMatch(/^error TOPIC_UNKNOWN: this project has no topic .*is for the shipped project\n/);
  expect(existsSync(dataDir)).toBe(false);
});

test.each(cases)('%s', async (_, args, code, stderr) => {
  const result = await lens(args, { cwd: empty });
  expect(result.stderr).toMatch(stderr);
  expect(result).toMatchObject({ code, stdout: '' });
});

const json = mkdtempSync(path.join(tmpdir(), 'lens-json-'));
writeFileSync(path.join(json, 'lens.yml'), 'logFormat: json\n');

test.each<[string, string[], Record<string, string>]>([
  ['by its flag', ['compile', 'nothing', '--log-format', 'json', ...shop.flags], {}],
  ['by --set', ['compile', 'nothing', '--set', 'logFormat=json', ...shop.flags], {}],
  ['by the environment', ['compile', 'nothing', ...shop.flags], { LENS_LOG_FORMAT: 'json' }],
  ['by lens.yml', ['compile', 'nothing', '--project-dir', json], {}],
  ['by lens.yml, of a wrong usage', ['lag', '--jsn', '--project-dir', json], {}],
])('as JSON, %s', async (_, args, env) => {
  const result = await lens(args, { cwd: empty, env });
  expect(result.code).toBe(2);
  expect(JSON.parse(result.stderr)).toMatchObject({ level: 'error', code: expect.any(String) as string, exitCode: 2 });
});

test('help and version are no errors', async () => {
  const help = await lens(['--help'], { cwd: empty });
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toMatch(/--data-dir[\s\S]*Keep models current:[\s\S]*compact/);
  expect((await lens(['run', '--help'], { cwd: empty })).stdout).toMatch(/--full-refresh[\s\S]*--data-dir/);
  expect((await lens(['--version'], { cwd: empty })).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('a process of its own prints the same, and ends with the same codes', async () => {
  const calls: [string[], number][] = [
    [['--version'], 0],
    [['query', 'select * from nothing', ...shop.flags], 1],
    [['rum'], 2],
  ];
  for (const [args, code] of calls) {
    const own = await new LensProcess(args, { cwd: empty }).result;
    expect(own.code).toBe(code);
    expect(await lens(args, { cwd: empty })).toEqual(own);
  }
});
