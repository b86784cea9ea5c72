/**
 * Runs the commands that the documentation shows, as a reader would, each file's in order on a data folder of its own, and
 * checks that relative links between the pages lead somewhere. Last line: `N passed, N failed, N skipped`.
 *
 * What runs: lines of fenced `sh` blocks that call `lens`, `npx lens` or `npm start` (in its bounded form, since it runs for
 * ever otherwise). Blocks fenced as `console` are shown only: they need a file, a broker, or never end. A block below a line
 * that begins with a path in backticks, as in quickstart.md, is that file; a page with files has a folder of its own. A block
 * without a language right below commands is what the last of them prints.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
const pages = ['README.md', ...globSync('docs/**/*.md', { cwd: ROOT }).sort()];
/** Pages given as arguments; all of them without. */
const wanted = process.argv.slice(2);
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

interface Shown {
  readonly command: string;
  /** What the page says it prints. */
  readonly output: string | undefined;
}

function commandsOf(text: string): Shown[] {
  return [...text.matchAll(/^```sh\n([\s\S]*?)^```(?:\n\n```\n([\s\S]*?)^```)?/gm)].flatMap(([, block, output]) => {
    const lines = (block as string).replaceAll('\\\n', ' ').split('\n');
    const commands = lines
      .map((line) => line.trim())
      .filter((line) => /^([A-Z_]+=\S+ )*(lens|npx lens|npm start)\b/.test(line) || /\| (npx )?lens\b/.test(line));
    return commands.map((command, i) => ({ command, output: i === commands.length - 1 ? output : undefined }));
  });
}

function filesOf(text: string): { name: string; content: string }[] {
  const blocks = text.matchAll(/^`([\w.-]+(?:\/[\w.-]+)+)`[^\n]*:\n\n```\w+\n([\s\S]*?)^```/gm);
  return [...blocks].map(([, name, content]) => ({ name: name as string, content: content as string }));
}

function runCommands(page: string, text: string): void {
  const commands = commandsOf(text);
  if (commands.length === 0) return;
  const scratch = mkdtempSync(path.join(tmpdir(), 'lens-docs-'));
  const files = filesOf(text);
  try {
    for (const { name, content } of files) {
      mkdirSync(path.join(scratch, path.dirname(name)), { recursive: true });
      writeFileSync(path.join(scratch, name), content);
    }
    for (const { command, output } of commands) {
      const run = spawnSync('bash', ['-c', bounded(command)], {
        cwd: files.length > 0 ? scratch : ROOT,
        encoding: 'utf8',
        timeout: 120_000,
        env: { ...process.env, LENS_DATA_DIR: path.join(scratch, 'data'), LENS_LOG_FORMAT: 'text' },
      });
      // A page may leave out lines, as `...`.
      const asShown = output === undefined || output.includes('...') || run.stdout === output;
      const said = `status ${run.status}\n${run.stdout}${run.stderr}`;
      check(run.status === 0 && asShown, `${page}: ${command}`, said);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What is typed, as the machine runs it. */
function bounded(command: string): string {
  if (command === 'npm start') return 'npm start --silent -- --once';
  const lens = `'${process.execPath}' '${path.join(ROOT, 'bin/lens.mjs')}'`;
  return command.replaceAll(/(?<=^|\| |^(?:[A-Z_]+=\S+ )+)(?:npx )?lens\b/g, lens);
}

for (const page of pages.filter((name) => wanted.length === 0 || wanted.includes(name))) {
  const text = readFileSync(path.join(ROOT, page), 'utf8');
  checkLinks(page, text);
  runCommands(page, text);
}
process.stdout.write(`${passed} passed, ${failed} failed, 0 skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
