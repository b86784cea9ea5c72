import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GenericContainer, Wait } from 'testcontainers';
import { messageOf } from '../../src/core/errors.ts';
import { freePort } from '../../tools/kafka/free-port.ts';
import { jvmObstacle } from '../../tools/kafka/jars.ts';
import { KAFKA_IMAGE, kraftEnvironment } from '../../tools/kafka/kraft-settings.ts';
import { LocalBroker } from '../../tools/kafka/local-broker.ts';

export interface ObtainedBroker {
  readonly brokers: string[];
  stop(): Promise<void>;
}

/**
 * A broker named by KAFKA_BROKERS, else one in Docker, else one in a JVM, also where Docker answers but cannot run it (the
 * image cannot be pulled); an Error says why there is none.
 */
export async function obtainBroker(): Promise<ObtainedBroker> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '') return { brokers: given.split(','), stop: async () => undefined };
  let noDocker = 'no Docker engine answers';
  if (dockerAnswers()) {
    try {
      return await containerBroker();
    } catch (error) {
      noDocker = `Docker cannot run ${KAFKA_IMAGE} (${messageOf(error)})`;
    }
  }
  const obstacle = jvmObstacle();
  if (obstacle !== null) throw new Error(`KAFKA_BROKERS is not set, ${noDocker}, and ${obstacle}`);
  return await jvmBroker();
}

function dockerAnswers(): boolean {
  return spawnSync('docker', ['info'], { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

async function containerBroker(): Promise<ObtainedBroker> {
  // The same port inside and outside, since the broker tells its clients where to connect.
  const port = await freePort();
  const container = await new GenericContainer(KAFKA_IMAGE)
    .withEnvironment(kraftEnvironment(port))
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return {
    brokers: [`${container.getHost()}:${port}`],
    stop: async () => {
      await container.stop();
    },
  };
}

async function jvmBroker(): Promise<ObtainedBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'lens-kafka-'));
  const broker = await LocalBroker.start({ folder });
  return {
    brokers: [broker.address],
    stop: async () => {
      await broker.kill(); // nobody needs its data any more
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
