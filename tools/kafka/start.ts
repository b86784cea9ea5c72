/**
 * `npm run kafka`: a single-node Apache Kafka on this machine, in the foreground until Ctrl-C. With docker compose where
 * an engine answers, else in a JVM from Maven's jars. Its data stay (in a Docker volume, or under .kafka/).
 *
 *     npm run kafka [-- --port 9092]
 */
import { spawn, spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { LensError } from '../../src/core/errors.ts';
import { jvmObstacle, kafkaHome } from './jars.ts';
import { LocalBroker } from './local-broker.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DEFAULT_PORT = 9092;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: 'string', default: String(DEFAULT_PORT) } } });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new LensError('USAGE', `--port ${values.port} is not a port`, { hint: 'npm run kafka -- --port 9092' });
  }
  if (await isTaken(port)) {
    throw new LensError('CONFIG_INVALID', `something listens on port ${port} already`, {
      hint: `if it is Kafka, use it: KAFKA_BROKERS=127.0.0.1:${port} npm start; else choose another: npm run kafka -- --port 9192`,
    });
  }
  // The compose file speaks of the default port only.
  if (port === DEFAULT_PORT && composeAnswers()) return await runCompose();
  const obstacle = jvmObstacle();
  if (obstacle === null) return await runJvm(port);
  throw new LensError('CONFIG_INVALID', `no Docker engine with compose answers, and ${obstacle}`, {
    hint: 'start Docker, or install a JDK 17 or newer and Apache Maven; `npm start` alone needs neither (embedded log)',
  });
}

async function runJvm(port: number): Promise<void> {
  say('Starting Apache Kafka in a JVM (the first time Maven fetches its jars, about 45 MB) ...');
  const broker = await LocalBroker.start({ folder: join(kafkaHome(), `broker-${port}`), port });
  ready(port, `data in ${broker.folder}`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    say('Stopping Kafka ...');
    void broker.stop();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  await broker.ended;
  if (stopping) return;
  throw new LensError('LOG_UNREACHABLE', 'the broker ended by itself', {
    hint: `see ${join(broker.folder, 'kafka.log')}`,
  });
}

async function runCompose(): Promise<void> {
  say('Starting Apache Kafka with docker compose ...');
  const compose = spawn('docker', ['compose', 'up'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let announced = false;
  compose.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (announced || !text.includes('Kafka Server started')) return;
    announced = true;
    ready(DEFAULT_PORT, 'data in the Docker volume kafka-data');
  });
  // Ctrl-C reaches compose too, which stops the container; we wait for it.
  process.on('SIGINT', () => undefined).on('SIGTERM', () => compose.kill('SIGTERM'));
  const code = await new Promise<number | null>((ended) => compose.once('exit', ended));
  if (!announced)
    throw new LensError('LOG_UNREACHABLE', `docker compose ended with status ${code}`, { place: 'docker-compose.yml' });
}

function composeAnswers(): boolean {
  const answers = (args: string[]) => spawnSync('docker', args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
  return answers(['info']) && answers(['compose', 'version']);
}

async function isTaken(port: number): Promise<boolean> {
  return await new Promise((answer) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      answer(true);
    });
    socket.once('error', () => answer(false));
  });
}

function ready(port: number, data: string): void {
  say(`Kafka is ready at 127.0.0.1:${port} (${data}). Ctrl-C stops it.`);
  say(`Use it in another terminal:  KAFKA_BROKERS=127.0.0.1:${port} npm start`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof LensError)) throw error;
  process.stderr.write(`${error.message}${error.hint === undefined ? '' : `\n${error.hint}`}\n`);
  process.exitCode = error.code === 'LOG_UNREACHABLE' ? 1 : 2;
}
