import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { LensError, messageOf } from '../../core/errors.ts';
import type { KafkaOptions } from './kafka-options.ts';
import type { KafkaApi } from './protocol/api.ts';
import { WireReader, WireWriter } from './protocol/wire.ts';

/**
 * The one file that imports kafkajs, its internals included: sockets, TLS, SASL and the handshake of versions are
 * kafkajs's; what is sent over them is ours (`protocol/`). 2.2.4 is its last release, so the internals stand still.
 */
const require = createRequire(import.meta.url);
const KafkajsBroker = require('kafkajs/src/broker') as new (options: object) => KafkajsBroker;
const ConnectionPool = require('kafkajs/src/network/connectionPool') as new (options: object) => KafkajsPool;
const RequestQueue = require('kafkajs/src/network/requestQueue') as {
  prototype: { scheduleCheckPendingRequests(): void };
};
const socketFactory = require('kafkajs/src/network/socketFactory') as () => unknown;
const { createLogger } = require('kafkajs/src/loggers') as { createLogger: (options: object) => unknown };

interface KafkajsBroker {
  readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>;
  connect(): Promise<void>;
}

interface KafkajsPool {
  readonly pool: readonly KafkajsConnection[];
}

interface KafkajsCall {
  readonly request: { readonly apiKey: number; readonly apiVersion: number; readonly apiName: string };
  readonly [part: string]: unknown;
}

interface KafkajsConnection {
  /** Sends, after having authenticated (anew, when the session's lifetime is over). */
  send: (call: KafkajsCall) => Promise<Buffer>;
  rejectRequests(error: Error): void;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  readonly socket?: { destroy(): void; readonly bytesRead: number };
}

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 5_000;
/** An answer of which bytes keep coming may take this long. */
const LONGEST_ANSWER_MS = 120_000;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;

/** The connection is gone or never came about; a new link may do better. `final` when it will not (wrong password). */
export class LinkError extends Error {
  readonly final: boolean;

  constructor(message: string, cause: unknown, final: boolean) {
    super(message, { cause });
    this.name = 'LinkError';
    this.final = final;
  }
}

/**
 * One connection to one broker. It is never mended: after a failed request it is closed and replaced (a connection of
 * kafkajs that breaks in the middle of an answer keeps the half of it). Requests are answered in order, so a fetch that
 * waits for records needs a link of its own.
 */
export class BrokerLink {
  readonly address: string;
  readonly #broker: KafkajsBroker;
  readonly #pool: KafkajsPool;
  readonly #connection: KafkajsConnection;
  readonly #closing = new AbortController();
  #throttledUntil = 0;
  #broken = false;
  /** The broker itself refused the login. kafkajs reports a login that was cut off by the same error as a wrong password. */
  #loginRefused = false;

  private constructor(host: string, port: number, options: KafkaOptions) {
    this.address = `${host}:${port}`;
    const logger = createLogger({ level: 0, logCreator: () => () => undefined });
    this.#pool = new ConnectionPool({
      host,
      port,
      logger,
      socketFactory: socketFactory(),
      // kafkajs takes an object; an empty one means the system's certificates
      ssl: options.ssl === true ? {} : options.ssl || null,
      sasl: options.sasl ?? null,
      clientId: options.clientId ?? 'diffusion-lens',
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      enforceRequestTimeout: true,
    });
    this.#broker = new KafkajsBroker({ connectionPool: this.#pool, logger, authenticationTimeout: CONNECT_TIMEOUT_MS });
    this.#connection = this.#pool.pool[0] as KafkajsConnection;
    this.#watchLogin(this.#connection);
  }

  /** Connects and authenticates within a few seconds, or throws a LinkError. */
  static async open(address: string, options: KafkaOptions): Promise<BrokerLink> {
    requirePatch();
    const colon = address.lastIndexOf(':');
    const link = new BrokerLink(address.slice(0, colon), Number(address.slice(colon + 1)), options);
    try {
      // kafkajs itself waits for ever when a broker hangs up in the middle of the TLS handshake
      await within(CONNECT_TIMEOUT_MS * 2, link.#broker.connect());
    } catch (error) {
      link.close();
      throw new LinkError(`${address}: ${messageOf(error)}`, error, link.#loginRefused || isFinal(error));
    }
    return link;
  }

  get usable(): boolean {
    return !this.#broken && this.#connection.isConnected();
  }

  /**
   * Sends one request, after the pause that the broker asked for in its last answer (a quota). Throws a LinkError, and is
   * unusable from then on, when nothing came for the time; an answer that is on its way over a slow link is waited for.
   */
  async call<Request, Response>(
    api: KafkaApi<Request, Response>,
    request: Request,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<Response> {
    const { key, version, name } = api;
    const offered = this.#broker.versions[key];
    if (offered === undefined || offered.minVersion > version || offered.maxVersion < version) {
      throw new LensError('CONFIG_INVALID', `the broker at ${this.address} does not speak ${name} version ${version}`, {
        place: this.address,
        hint: 'Apache Kafka 3.1 or newer is needed',
      });
    }
    const writer = new WireWriter();
    if (api.flexible) writer.noTags(); // the end of the flexible request header, which kafkajs does not write
    api.encode(writer, request);
    const body = writer.bytes;
    const encoded = { encode: async () => ({ buf: body, buffer: body }) };
    let answer: Buffer;
    let watch: NodeJS.Timeout | undefined;
    try {
      const pause = this.#throttledUntil - Date.now();
      if (pause > 0) await sleep(pause, undefined, { signal: this.#closing.signal });
      watch = this.#watchSilence(timeoutMs);
      answer = await this.#connection.send({
        request: { apiKey: key, apiVersion: version, apiName: name, ...encoded },
        response: { decode: async (bytes: Buffer) => bytes, parse: async (bytes: Buffer) => bytes },
        requestTimeout: LONGEST_ANSWER_MS,
        logResponseError: false,
      });
    } catch (error) {
      this.close();
      throw new LinkError(`${this.address}: ${messageOf(error)}`, error, this.#loginRefused || isFinal(error));
    } finally {
      clearInterval(watch);
    }
    const reader = new WireReader(answer);
    if (api.flexible) reader.skipTags();
    this.#throttledUntil = Date.now() + answer.readInt32BE(api.throttleLast ? answer.length - 4 : reader.position);
    return api.decode(reader);
  }

  /** Fails what is under way when not one byte came for the time. */
  #watchSilence(timeoutMs: number): NodeJS.Timeout {
    let seen = this.#connection.socket?.bytesRead;
    return setInterval(() => {
      const now = this.#connection.socket?.bytesRead;
      if (now === seen) this.#connection.rejectRequests(new Error(`no answer within ${timeoutMs} ms`));
      seen = now;
    }, timeoutMs);
  }

  /** kafkajs logs in by requests of its own, over the same method. */
  #watchLogin(connection: KafkajsConnection): void {
    const send = connection.send.bind(connection);
    connection.send = async (call) => {
      try {
        return await send(call);
      } catch (error) {
        const { apiKey } = call.request;
        const login = apiKey === SASL_HANDSHAKE || apiKey === SASL_AUTHENTICATE;
        if (login && error instanceof Error && error.name === 'KafkaJSProtocolError') this.#loginRefused = true;
        throw error;
      }
    };
  }

  /** Closes at once; requests under way fail. */
  close(): void {
    this.#broken = true;
    this.#closing.abort();
    for (const connection of this.#pool.pool) {
      connection.rejectRequests(new Error('closed'));
      connection.disconnect().then(
        () => connection.socket?.destroy(),
        () => undefined,
      );
    }
  }
}

/** Errors of configuration: trying again does not mend them. */
function isFinal(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return (
    name === 'KafkaJSNotImplemented' ||
    /certificate|self.signed|mechanism is not supported by the server/i.test(messageOf(error))
  );
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Unpatched, kafkajs runs a timer of 0 ms for ever once it was idle: one core busy for nothing. */
function requirePatch(): void {
  if (/Nothing pending, not throttled/.test(RequestQueue.prototype.scheduleCheckPendingRequests.toString())) return;
  throw new LensError('INTERNAL', 'kafkajs is installed without our patch (patches/kafkajs+2.2.4.patch)', {
    place: 'node_modules/kafkajs',
    hint: 'run `npm ci`, whose last step applies it; installing with --ignore-scripts leaves it out',
  });
}
