import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { ownBrokerSuite } from './kafka-suite.ts';
import { obtainBroker } from './obtain-broker.ts';

ownBrokerSuite('obtaining a broker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lens-docker-'));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  test('takes the JVM when Docker answers but cannot run the container', async () => {
    const docker = join(folder, 'docker');
    writeFileSync(docker, '#!/bin/sh\nexit 0\n');
    chmodSync(docker, 0o755);
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
    vi.stubEnv('KAFKA_BROKERS', '');
    const broker = await obtainBroker();
    expect(broker.brokers).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
    await broker.stop();
  });
});
