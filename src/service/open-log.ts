import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Settings } from '../core/settings.ts';
import { openEmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { EventLog } from '../log/event-log.ts';
import { openKafkaLog } from '../log/kafka/kafka-log.ts';
import { kafkaTls } from './kafka-tls.ts';
import { missingLog } from './missing-log.ts';

/** Whether there is a log to look at: Kafka always is, the embedded one once it was made. */
export function hasLog({ brokers, dataDir }: Settings): boolean {
  return brokers.length > 0 || existsSync(path.join(dataDir, 'log.sqlite'));
}

/**
 * Kafka when brokers are set, otherwise the embedded log in the data folder.
 *
 * @param access `read` makes no log where there is none: it then fails when it is asked
 */
export function openLog(settings: Settings, access: Access = 'write'): EventLog {
  if (settings.brokers.length === 0) {
    const file = path.join(settings.dataDir, 'log.sqlite');
    return access === 'read' && !existsSync(file) ? missingLog(file) : openEmbeddedLog(file);
  }
  return openKafkaLog({
    brokers: [...settings.brokers],
    clientId: 'diffusion-lens',
    ssl: kafkaTls(settings.kafka),
    ...(settings.kafka.sasl === undefined ? {} : { sasl: settings.kafka.sasl }),
  });
}

/** `read` makes no log where there is none. */
type Access = 'read' | 'write';
