import { setTimeout as sleep } from 'node:timers/promises';
import { LensError, messageOf } from '../../core/errors.ts';
import { BrokerLink, LinkError } from './broker-link.ts';
import { checkBrokers, type KafkaOptions } from './kafka-options.ts';
import type { KafkaApi } from './protocol/api.ts';
import { isDenied, isStale, KafkaProtocolError } from './protocol/error-codes.ts';
import { FIND_COORDINATOR } from './protocol/group-offsets.ts';
import { METADATA, type MetadataResponse } from './protocol/metadata.ts';

/** Until the first answer ever: fail while the user still watches. Later: outlive the restart of a broker. */
const FIRST_PATIENCE_MS = 7_000;
const LATER_PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 250;

/** A broker by node id, or any that answers. */
export type Target = number | 'any';

/** The brokers: who they are, links to them, patience with them. */
export class KafkaCluster {
  readonly options: KafkaOptions;
  /** Addresses by node id, as last learned. */
  readonly #addresses = new Map<number, string>();
  /** By lane and address. Requests on one link wait for each other, so readers and writers have lanes of their own. */
  readonly #links = new Map<string, Promise<BrokerLink>>();
  #answered = false;
  #closed = false;

  constructor(options: KafkaOptions) {
    checkBrokers(options.brokers);
    this.options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Metadata of the topics (null: of all), one try. */
  async metadata(topics: readonly string[] | null): Promise<MetadataResponse> {
    const answer = await this.call('any', METADATA, topics);
    this.#addresses.clear();
    for (const { nodeId, host, port } of answer.brokers) this.#addresses.set(nodeId, `${host}:${port}`);
    const known = new Set([...this.#addresses.values(), ...this.options.brokers]);
    this.#closeLinks((_, address) => !known.has(address));
    return answer;
  }

  /** Sends one request, one try: LinkError when the broker cannot be reached. */
  async call<Request, Response>(
    target: Target,
    api: KafkaApi<Request, Response>,
    request: Request,
    { lane = 'main', timeoutMs }: { lane?: string; timeoutMs?: number } = {},
  ): Promise<Response> {
    const link = target === 'any' ? await this.#anyLink() : await this.#link(lane, this.#addressOf(target));
    const answer = await link.call(api, request, timeoutMs);
    this.#answered = true;
    return answer;
  }

  /** Repeats `work` while brokers are away or on their way up; LOG_UNREACHABLE when that lasts too long. */
  async patiently<T>(what: string, work: () => Promise<T>): Promise<T> {
    const start = Date.now();
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await work();
      } catch (error) {
        const patience = this.#answered ? LATER_PATIENCE_MS : FIRST_PATIENCE_MS;
        if (!mayPass(error) || this.#closed || Date.now() + pause > start + patience) throw this.failure(what, error);
        await sleep(pause);
      }
    }
  }

  /** The coordinator of a group's offsets. */
  async coordinator(group: string): Promise<number> {
    const { errorCode, message, nodeId } = await this.call('any', FIND_COORDINATOR, group);
    if (errorCode !== 0) throw new KafkaProtocolError(errorCode, message);
    if (!this.#addresses.has(nodeId)) await this.metadata([]);
    return nodeId;
  }

  /** An error for people from anything thrown by {@link call} and by checks of error codes. */
  failure(what: string, error: unknown): LensError {
    if (error instanceof LensError) return error;
    const brokers = this.options.brokers.join(',');
    if (error instanceof KafkaProtocolError && isDenied(error.errorCode)) {
      return new LensError('LOG_ACCESS_DENIED', `Kafka does not allow this user to ${what}: ${error.message}`, {
        place: brokers,
        hint: 'grant the rights that docs/kafka.md lists (kafka-acls.sh), or use another user',
        cause: error,
      });
    }
    if (error instanceof KafkaProtocolError && !isStale(error.errorCode)) {
      return new LensError('LOG_UNREACHABLE', `Kafka refused to ${what}: ${error.message}`, {
        place: brokers,
        hint: 'check what this user may do on the brokers',
        cause: error,
      });
    }
    if (!(error instanceof LinkError) && !(error instanceof KafkaProtocolError)) {
      return new LensError('INTERNAL', `cannot ${what}: ${messageOf(error)}`, { place: brokers, cause: error });
    }
    const final = error instanceof LinkError && error.final;
    return new LensError(
      'LOG_UNREACHABLE',
      `cannot ${what}: ${final ? 'Kafka does not let us in' : 'no Kafka broker answers'} (${error.message})`,
      {
        place: brokers,
        hint: final
          ? 'check the user, the password and the certificates in the settings'
          : 'start one with `npm run kafka`, check KAFKA_BROKERS and TLS, or leave brokers out to use the embedded log',
        cause: error,
      },
    );
  }

  /** Closes the links of one lane. */
  closeLane(lane: string): void {
    this.#closeLinks((name) => name === lane);
  }

  close(): void {
    this.#closed = true;
    this.#closeLinks(() => true);
  }

  #closeLinks(which: (lane: string, address: string) => boolean): void {
    for (const [key, link] of this.#links) {
      const [lane, address] = key.split(' ') as [string, string];
      if (!which(lane, address)) continue;
      this.#links.delete(key);
      link.then(
        (open) => open.close(),
        () => undefined,
      );
    }
  }

  #addressOf(nodeId: number): string {
    const address = this.#addresses.get(nodeId);
    if (address === undefined) throw new LinkError(`broker ${nodeId} is not known`, undefined, false);
    return address;
  }

  /** A link that is open already, else to the first of the known and the configured brokers that lets us in. */
  async #anyLink(): Promise<BrokerLink> {
    const addresses = [...new Set([...this.#addresses.values(), ...this.options.brokers])];
    for (const address of addresses) {
      const open = await this.#links.get(`main ${address}`)?.catch(() => null);
      if (open?.usable) return open;
    }
    const failures: unknown[] = [];
    for (const address of addresses) {
      try {
        return await this.#link('main', address);
      } catch (error) {
        if (error instanceof LinkError && error.final) throw error;
        failures.push(error);
      }
    }
    throw new LinkError(failures.map(messageOf).join('; '), failures[0], false);
  }

  async #link(lane: string, address: string): Promise<BrokerLink> {
    if (this.#closed) throw new LensError('INTERNAL', 'the Kafka log is closed');
    const key = `${lane} ${address}`;
    const known = this.#links.get(key);
    const open = await known?.catch(() => null);
    if (open?.usable) return open;
    // Another caller may have replaced it while we waited.
    if (this.#links.get(key) === known) this.#links.set(key, BrokerLink.open(address, this.options));
    return await (this.#links.get(key) as Promise<BrokerLink>);
  }
}

/** Whether another try, with fresh metadata, may do better. */
export function mayPass(error: unknown): boolean {
  if (error instanceof LinkError) return !error.final;
  return error instanceof KafkaProtocolError && isStale(error.errorCode);
}

/** The id of the cluster that answers at these addresses. */
export async function clusterIdAt(brokers: readonly string[]): Promise<string | null> {
  const cluster = new KafkaCluster({ brokers });
  try {
    return (await cluster.patiently('read the cluster id', () => cluster.metadata([]))).clusterId;
  } finally {
    cluster.close();
  }
}
