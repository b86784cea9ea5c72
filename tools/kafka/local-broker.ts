import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../../src/core/errors.ts';
import { clusterIdAt } from '../../src/log/kafka/cluster.ts';
import { freePort } from './free-port.ts';
import { resolveJars } from './jars.ts';
import { SINGLE_NODE_SETTINGS } from './kraft-settings.ts';

/** A client-only heap for the short-lived tools; the broker's own is larger. */
const TOOL_FLAGS = [
  '-Xmx128m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];
const BROKER_FLAGS = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

export interface LocalBrokerOptions {
  /** Holds server.properties, the broker's output (kafka.log) and its data; kept between starts. */
  readonly folder: string;
  /** Where clients connect (default: a free one). */
  readonly port?: number;
  /** Further listeners for clients, by name: a port and Kafka's security protocol. */
  readonly listeners?: Readonly<Record<string, { readonly port: number; readonly protocol: string }>>;
  /** Users for SCRAM, as `SCRAM-SHA-256=[name=alice,password=secret]`; made when the folder is formatted. */
  readonly scramUsers?: readonly string[];
  /** Added to (or replacing) the broker's settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A single-node KRaft Apache Kafka on this machine, run from Maven's jars: no Docker, no installation. */
export class LocalBroker implements AsyncDisposable {
  readonly address: string;
  readonly folder: string;
  #process: ChildProcess | null = null;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.address = `127.0.0.1:${port}`;
  }

  /** Starts a broker and resolves when it serves clients. Formats the folder the first time, keeps its data afterwards. */
  static async start(options: LocalBrokerOptions): Promise<LocalBroker> {
    const jars = resolveJars();
    const port = options.port ?? (await freePort());
    mkdirSync(options.folder, { recursive: true });
    const properties = join(options.folder, 'server.properties');
    writeFileSync(properties, serverProperties(options, port, await freePort()));
    if (!existsSync(join(options.folder, 'data', 'meta.properties'))) {
      format(jars, properties, options.scramUsers ?? []);
    }
    const broker = new LocalBroker(options.folder, port);
    await broker.up();
    return broker;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the process has ended, however that came about. */
  get ended(): Promise<void> {
    return exitOf(this.#process);
  }

  /** Starts the stopped or killed broker again on the same data and address. */
  async up(): Promise<void> {
    const log = join(this.folder, 'kafka.log');
    // A broker that is killed leaves its native libraries behind.
    const temporary = join(this.folder, 'tmp');
    mkdirSync(temporary, { recursive: true });
    const output = openSync(log, 'w');
    const child = spawn(
      'java',
      [
        ...BROKER_FLAGS,
        `-Djava.io.tmpdir=${temporary}`,
        '-cp',
        join(resolveJars(), '*'),
        'kafka.Kafka',
        join(this.folder, 'server.properties'),
      ],
      {
        cwd: this.folder,
        stdio: ['ignore', output, output],
      },
    );
    closeSync(output);
    this.#process = child;
    const endWithUs = () => child.kill('SIGKILL');
    process.once('exit', endWithUs);
    child.once('exit', () => process.off('exit', endWithUs));
    await this.#ready(log, child);
  }

  /** Ready: it says so in a log emptied before the start, and it is this cluster that answers, not another one on the port. */
  async #ready(log: string, child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS;
    const failed = (why: string) =>
      new LensError('LOG_UNREACHABLE', `the local Kafka broker ${why}`, {
        place: log,
        hint: lastLines(log),
      });
    while (!readFileSync(log, 'utf8').includes('Kafka Server started')) {
      if (child.exitCode !== null || child.signalCode !== null) throw failed('ended while starting');
      if (Date.now() > deadline) throw failed(`did not start within ${START_LIMIT_MS / 1000} s`);
      await sleep(50);
    }
    const answering = await clusterIdAt([this.address]);
    const own = clusterIdIn(this.folder);
    if (answering !== own)
      throw failed(`is not what answers at ${this.address}: cluster id ${answering}, expected ${own}`);
  }

  /** Ends the broker in good order (SIGTERM, 0.2 to 2 s), or by force when that takes too long. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends the broker as a crash would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    child.kill(signal);
    // A broker that cannot reach its controller would try for minutes.
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exitOf(child);
    clearTimeout(late);
    this.#process = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Runs one of Kafka's own command-line tools, e.g. `org.apache.kafka.tools.TopicCommand`, and returns what it printed. */
export function runKafkaTool(mainClass: string, args: readonly string[], input = ''): string {
  const run = spawnSync('java', [...TOOL_FLAGS, '-cp', join(resolveJars(), '*'), mainClass, ...args], {
    encoding: 'utf8',
    input,
  });
  if (run.status !== 0)
    throw new LensError('INTERNAL', `${mainClass} ${args.join(' ')} failed: ${run.stderr || run.stdout}`);
  return run.stdout;
}

function format(jars: string, properties: string, scramUsers: readonly string[]): void {
  // As StorageTool's own random-uuid: 16 random bytes in URL-safe base64, not starting with a dash.
  const id = `L${randomBytes(16).toString('base64url').slice(1)}`;
  const tool = [
    '-cp',
    join(jars, '*'),
    'kafka.tools.StorageTool',
    'format',
    '--standalone',
    '-t',
    id,
    '-c',
    properties,
  ];
  const users = scramUsers.flatMap((user) => ['--add-scram', user]);
  const run = spawnSync('java', [...TOOL_FLAGS, ...tool, ...users], { encoding: 'utf8' });
  if (run.status === 0) return;
  throw new LensError('CONFIG_INVALID', `Kafka's storage could not be formatted: ${run.stderr || run.stdout}`, {
    place: properties,
  });
}

function serverProperties(options: LocalBrokerOptions, port: number, controllerPort: number): string {
  const { folder, listeners = {}, settings: own = {} } = options;
  const clients = Object.entries({ PLAINTEXT: { port, protocol: 'PLAINTEXT' }, ...listeners });
  const addresses = clients.map(([name, listener]) => `${name}://127.0.0.1:${listener.port}`).join(',');
  const protocols = clients.map(([name, { protocol }]) => `${name}:${protocol}`).join(',');
  const settings: Record<string, string> = {
    ...SINGLE_NODE_SETTINGS,
    listeners: `${addresses},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': addresses,
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,${protocols}`,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'log.dirs': join(folder, 'data'),
    ...own,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function clusterIdIn(folder: string): string {
  const meta = readFileSync(join(folder, 'data', 'meta.properties'), 'utf8');
  return /^cluster\.id=(.+)$/m.exec(meta)?.[1]?.trim() ?? '';
}

function lastLines(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return `the broker's last lines: ${lines.slice(-5).join(' | ')}`;
}

async function exitOf(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => child.once('exit', () => resolve()));
}
