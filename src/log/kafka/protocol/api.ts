import type { WireReader, WireWriter } from './wire.ts';

/** One of Kafka's requests in the one version we speak. All are in Kafka 3.1 and newer. */
export interface KafkaApi<Request, Response> {
  readonly name: string;
  readonly key: number;
  readonly version: number;
  /** Flexible versions have tagged fields, in the header too. */
  readonly flexible: boolean;
  /** The answer has `throttle_time_ms` as its last field; all others have it as their first. */
  readonly throttleLast?: true;
  encode(writer: WireWriter, request: Request): void;
  decode(reader: WireReader): Response;
}
