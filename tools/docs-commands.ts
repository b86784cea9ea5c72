/**
 * Runs the commands that the documentation shows, as a reader would, each file's in order on a data folder of its own, and
 * checks that relative links between the pages lead somewhere. Last line: `N passed, N failed, N skipped`.
 *
 * What runs: lines of fenced `sh` blocks that call `lens`, `npx lens` or `npm start` (in its bounded form, since it runs for
 * ever otherwise). Blocks fenced as `console` are shown only: they need a file, a broker, or never end.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()];
let passed = 0;
let failed = 0;

function check(good: boolean, what: string, detail = ''): void {
  if (good) passed++;
  else failed++;
  process.stdout.write(`${good ? 'ok  ' : 'FAIL'} ${what}${good ? '' : `\n${detail}`}\n`);
}

function checkLinks(page: string, text: string): void {
  for (const [, target] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
    if (target === undefined || /^[a-z]+:/.test(target)) continue;
    const there = existsSync(path.resolve(ROOT, path.dirname(page), target));
    check(there, `${page} links to ${target}`, 'no such file');
  }
}

function commandsOf(text: string): string[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block]) => (block as string).replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => /^([A-Z_]+=\S+ )*(lens|npx lens|npm start)\b/.test(line) || /\| (npx )?lens\b/.test(line));
}

function runCommands(page: string, text: string): void {
  const commands = commandsOf(text);
  if (commands.length === 0) return;
  const data = mkdtempSync(path.join(tmpdir(), 'lens-docs-'));
  try {
    for (const command of commands) {
      const run = spawnSync('bash', ['-c', bounded(command)], {
        cwd: ROOT,
        encoding: 'utf8',
        timeout: 120_000,
        env: { ...process.env, LENS_DATA_DIR: data, LENS_LOG_FORMAT: 'text' },
      });
      check(run.status === 0, `${page}: ${command}`, `status ${run.status}\n${run.stdout}${run.stderr}`);
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

/** What is typed, as the machine runs it. */
function bounded(command: string): string {
  const started = command === 'npm start' ? 'npm start --silent -- --once' : command;
  return started.replaceAll(/(^|\| )lens\b/g, '$1npx lens');
}

for (const page of pages) {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  checkLinks(page, text);
  runCommands(page, text);
}
process.stdout.write(`${passed} passed, ${failed} failed, 0 skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
