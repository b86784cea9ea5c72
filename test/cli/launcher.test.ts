import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { LENS } from './lens-process.ts';

/**
 * The launcher in a checkout whose program only tells what reaches it. An older Node is played by a preload that
 * claims to be one in the first process; the second is the checkout's own Node 24.
 */
const MAIN = `
import { appendFileSync, writeFileSync } from 'node:fs';
export async function main(args: string[]): Promise<never> {
  const [what, file] = args;
  if (what === 'exit') process.exit(Number(file));
  if (what === 'throw') throw new Error('broken part');
  writeFileSync(file, process.pid + ' ' + process.ppid + ' ' + process.env.UV_THREADPOOL_SIZE + '\\n');
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => { appendFileSync(file, name + '\\n'); if (what === 'stop') setTimeout(() => process.exit(7), 50); });
  }
  if (what === 'die') process.kill(process.pid, 'SIGKILL');
  setInterval(() => {}, 1000);
  return new Promise(() => {});
}
`;

let checkout: string;
let older: string;

beforeAll(() => {
  checkout = mkdtempSync(path.join(tmpdir(), 'lens-launcher-'));
  mkdirSync(path.join(checkout, 'bin'));
  mkdirSync(path.join(checkout, 'src/cli'), { recursive: true });
  mkdirSync(path.join(checkout, 'node_modules/node/bin'), { recursive: true });
  writeFileSync(path.join(checkout, 'package.json'), '{"type": "module"}');
  copyFileSync(LENS, path.join(checkout, 'bin/lens.mjs'));
  writeFileSync(path.join(checkout, 'src/cli/main.ts'), MAIN);
  symlinkSync(process.execPath, path.join(checkout, 'node_modules/node/bin/node'));
  older = path.join(checkout, 'older.cjs');
  writeFileSync(
    older,
    `if (!process.env.LENS_LAUNCHED) {
       const node = { ...process.versions, node: '20.19.0' };
       Object.defineProperty(process, 'versions', { value: node });
     }`,
  );
});

function start(args: string[], options: { detached?: boolean } = {}) {
  const env = { ...process.env, NODE_OPTIONS: '' };
  const child = spawn(process.execPath, ['-r', older, path.join(checkout, 'bin/lens.mjs'), ...args], {
    env,
    detached: options.detached === true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended };
}

async function toldIn(file: string, lines: number): Promise<string[]> {
  for (let i = 0; i < 100; i++) {
    try {
      const told = readFileSync(file, 'utf8').trim().split('\n');
      if (told.length >= lines) return told;
    } catch {
      // not written yet
    }
    await sleep(50);
  }
  throw new Error(`${file} never had ${lines} lines`);
}

describe('under an older Node', () => {
  test('the exit code comes up', async () => {
    expect(await start(['exit', '5']).ended).toEqual({ code: 5, signal: null });
    expect(await start(['exit', '0']).ended).toEqual({ code: 0, signal: null });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s reaches the program, which decides how it ends', async (name) => {
    const file = path.join(checkout, `stop-${name}`);
    const { child, ended } = start(['stop', file]);
    const [first = ''] = await toldIn(file, 1);
    const [pid, parent, threads] = first.split(' ').map(Number);
    expect(parent).toBe(child.pid);
    expect(pid).not.toBe(child.pid);
    expect(threads).toBe(12);
    child.kill(name);
    expect(await ended).toEqual({ code: 7, signal: null });
    expect(await toldIn(file, 2)).toEqual([first, name]);
  });

  test('killing the launcher outright takes the program along', async () => {
    const file = path.join(checkout, 'killed');
    const { child, ended } = start(['wait', file]);
    const pid = Number((await toldIn(file, 1))[0]?.split(' ')[0]);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  });

  test('a program that dies by a signal passes it on', async () => {
    expect((await start(['die', path.join(checkout, 'died')]).ended).signal).toBe('SIGKILL');
  });
});

test('a defect while loading is exit 2', () => {
  const result = spawnSync(process.execPath, [path.join(checkout, 'bin/lens.mjs'), 'throw'], { encoding: 'utf8' });
  expect(result.status).toBe(2);
  expect(result.stderr).toMatch(/^error INTERNAL: Error: broken part/);
});

test('without the install it says what to do', () => {
  const bare = mkdtempSync(path.join(tmpdir(), 'lens-bare-'));
  mkdirSync(path.join(bare, 'bin'));
  copyFileSync(LENS, path.join(bare, 'bin/lens.mjs'));
  chmodSync(path.join(bare, 'bin/lens.mjs'), 0o755);
  const result = spawnSync(process.execPath, ['-r', older, path.join(bare, 'bin/lens.mjs')], { encoding: 'utf8' });
  expect(result.status).toBe(2);
  expect(result.stderr).toMatch(/^error CONFIG_INVALID: Node 24 is needed/);
  expect(result.stderr).toContain('npm ci');
  mkdirSync(path.join(bare, 'src/cli'), { recursive: true });
  writeFileSync(path.join(bare, 'src/cli/main.ts'), "import 'commander'; export const main = () => {};");
  writeFileSync(path.join(bare, 'package.json'), '{"type": "module"}');
  const missing = spawnSync(process.execPath, [path.join(bare, 'bin/lens.mjs')], { encoding: 'utf8' });
  expect(missing.status).toBe(2);
  expect(missing.stderr).toContain("Cannot find package 'commander'");
  expect(missing.stderr).toContain('npm ci');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
