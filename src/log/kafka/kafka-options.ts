import type { ConnectionOptions } from 'node:tls';
import { LensError } from '../../core/errors.ts';

/** How to reach the brokers. The TLS and SASL shapes are kafkajs's own. */
export interface KafkaOptions {
  /** `host:port` of some brokers; the others are learned from them. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** `true` for TLS with the system's certificates, or Node's TLS options (`ca`, `cert`, `key`, ... as PEM text). */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: KafkaSasl;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Checks the addresses; CONFIG_INVALID names the one that is not `host:port`. */
export function checkBrokers(brokers: readonly string[]): void {
  const wrong = brokers.length === 0 ? '' : brokers.find((broker) => !/^[^\s:/]+:\d{1,5}$/.test(broker));
  if (wrong === undefined) return;
  throw new LensError('CONFIG_INVALID', `"${wrong}" is not the address of a Kafka broker`, {
    place: 'brokers',
    hint: 'give host:port, several separated by commas, for example KAFKA_BROKERS=127.0.0.1:9092',
  });
}
