import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { LocalBroker, type LocalBrokerOptions } from '../../tools/kafka/local-broker.ts';

/** Called inside of a suite: returns a function that starts brokers, which end with the suite. */
export function ownBroker(): (options?: Omit<LocalBrokerOptions, 'folder'>) => Promise<LocalBroker> {
  const started: LocalBroker[] = [];
  afterAll(async () => {
    for (const broker of started) {
      await broker.kill();
      rmSync(broker.folder, { recursive: true, force: true });
    }
  });
  return async (options = {}) => {
    const broker = await LocalBroker.start({ folder: mkdtempSync(join(tmpdir(), 'lens-kafka-')), ...options });
    started.push(broker);
    return broker;
  };
}
