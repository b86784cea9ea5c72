#!/usr/bin/env node
/**
 * The `lens` command. Plain JavaScript for Node 20 and newer: the program itself is TypeScript that Node 24 runs as it
 * is, so an older Node starts the Node 24 that `npm ci` put into the checkout and stands in for it: signals go down,
 * the exit code comes up, and neither outlives the other.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const WANTED_MAJOR = 24;
const LAUNCHED = 'LENS_LAUNCHED';

function fail(message) {
  process.stderr.write(`error CONFIG_INVALID: ${message}\n  hint: run npm ci in the checkout\n`);
  process.exit(2);
}

function launch() {
  const node = fileURLToPath(
    new URL(`../node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url),
  );
  if (!existsSync(node)) fail(`Node ${WANTED_MAJOR} is needed, this is ${process.version} and ${node} is missing`);
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    // The fourth is a channel that says nothing: when this process is killed, it breaks and the child ends too.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHED]: '1' },
  });
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`));
  // A terminal sends Ctrl-C to both processes; the child takes two within a second for one (src/cli/interruption.ts).
  const forward = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 2);
    for (const name of signals) process.removeListener(name, forward);
    process.kill(process.pid, signal);
    // Only reached when the signal does not end this process at once.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 200);
  });
}

async function run() {
  if (process.env[LAUNCHED] !== undefined) {
    delete process.env[LAUNCHED];
    process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
    process.channel?.unref();
  }
  // Before the first use of the thread pool: reads and decompression wait less behind DuckDB's own calls.
  process.env.UV_THREADPOOL_SIZE ??= '12';
  // Halves the start: types need not be stripped again. Where the folder cannot be written, nothing is cached.
  nodeModule.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/lens', import.meta.url)));
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'object' ? rest[0]?.type : rest[0];
    if (type !== 'ExperimentalWarning') emitWarning(warning, ...rest);
  };
  try {
    const { main } = await import('../src/cli/main.ts');
    await main(process.argv.slice(2));
  } catch (error) {
    if (String(error?.message).startsWith('Cannot find package')) fail(error.message);
    process.stderr.write(`error INTERNAL: ${error?.stack ?? error}\n`);
    process.exit(2);
  }
}

const major = Number(process.versions.node.split('.')[0]);
if (major >= WANTED_MAJOR) await run();
else if (process.env[LAUNCHED] === undefined) launch();
else fail(`Node ${WANTED_MAJOR} is needed, the checkout holds ${process.version}`);
