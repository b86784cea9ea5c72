import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { LocalBroker } from '../../tools/kafka/local-broker.ts';

/** Called inside of a suite: returns a function that starts brokers, which end with the suite. */
export function ownBroker(): (settings?: Record<string, string>) => Promise<LocalBroker> {
  const started: LocalBroker[] = [];
  afterAll(async () => {
    for (const broker of started) {
      await broker.kill();
      rmSync(broker.folder, { recursive: true, force: true });
    }
  });
  return async (settings = {}) => {
    const broker = await LocalBroker.start({ folder: mkdtempSync(join(tmpdir(), 'lens-kafka-')), settings });
    started.push(broker);
    return broker;
  };
}
