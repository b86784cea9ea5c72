import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { outcome } from '../../src/cli/main.ts';
import { INVOCATION, type Invocation } from '../../src/core/invocation.ts';

/**
 * Runs commands of `lens` one after another, for lens-process.ts. Each parses its arguments, reads its settings and opens its files anew; what a
 * process has of its own is given to it: folder, environment, standard streams, invocation, exit code.
 */

export interface HostedCall {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly input: string;
}

/** How it ended, and what it printed. */
export interface HostedEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const [node = '', program = ''] = process.argv;
let written = { stdout: '', stderr: '' };
for (const name of ['stdout', 'stderr'] as const) {
  process[name].write = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
    written[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  };
}
// Each command may listen to signals; nobody sends one, a terminal's Ctrl-C apart.
process.setMaxListeners(0);
process.on('disconnect', () => process.exit(0));
process.on('message', (call: HostedCall) => void run(call).then((end) => process.send?.(end)));

async function run({ args, cwd, env, input }: HostedCall): Promise<HostedEnd> {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [node, program, ...args];
  process.exitCode = undefined;
  const stdin = Readable.from(input === '' ? [] : [Buffer.from(input)]);
  Object.defineProperty(process, 'stdin', { value: stdin, configurable: true });
  const invocation: { -readonly [Key in keyof Invocation]: Invocation[Key] } = INVOCATION;
  Object.assign(invocation, { id: randomUUID(), startedAt: new Date().toISOString() });
  written = { stdout: '', stderr: '' };
  return { code: await outcome(args), ...written };
}
