import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LensError, messageOf, unreachable } from '../core/errors.ts';
import type { EventListeners } from '../materializer/event-listeners.ts';
import type { DeadLetterFilter, RedriveRequest } from '../materializer/dead-letters/dead-letter-contract.ts';
import type { QueryOptions, PlanRequest, WarehouseOperations } from '../materializer/operations.ts';
import type { WhyQuestion } from '../materializer/lineage/why-contract.ts';
import { CONTROL_METHODS, toControlError, type ControlMethod, type ControlRequest } from './control-protocol.ts';
import { answerQuery } from './query-lines.ts';
import { answerWithProgress } from './progress-lines.ts';
import { removeServiceFile, writeServiceFile } from './service-file.ts';

const MAX_REQUEST_BYTES = 4 << 20;

/** The methods that tell how far they are, with whether they change something: then they tell, too, what the materializer does meanwhile. */
const TELLING = {
  verify: false,
  test: false,
  hooks: false,
  operation: false,
  run: true,
  seed: true,
  apply: true,
  rollback: true,
  replay: true,
} as const satisfies Partial<Record<ControlMethod, boolean>>;
type Telling = keyof typeof TELLING;

function isTelling(method: ControlMethod): method is Telling {
  return Object.hasOwn(TELLING, method);
}

/**
 * Answers commands of the same user while this process holds the warehouse. Listens on 127.0.0.1 only; the token is
 * new at each start and stands in `service.json`, which only its owner can read.
 */
export class ControlServer implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #dataDir: string;

  private constructor(server: Server, dataDir: string) {
    this.#server = server;
    this.#dataDir = dataDir;
    this.port = (server.address() as AddressInfo).port;
  }

  /**
   * @param options.port 0 takes a free one; CONFIG_INVALID when it cannot be had
   * @param options.events what the materializer tells
   */
  static async open(
    operations: WarehouseOperations,
    options: { dataDir: string; port: number; events: EventListeners },
  ): Promise<ControlServer> {
    const token = randomBytes(32).toString('base64url');
    const server = createServer(
      (request, response) => void answer(operations, options.events, token, request, response),
    );
    // A catch-up may take hours: only reading the request is bounded.
    server.timeout = 0;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        reject(
          new LensError('CONFIG_INVALID', `cannot listen on 127.0.0.1:${options.port}: ${messageOf(error)}`, {
            place: 'service.port',
            hint: 'choose another port, or 0 for a free one',
            cause: error,
          }),
        );
      });
      server.listen(options.port, '127.0.0.1', resolve);
    });
    const control = new ControlServer(server, options.dataDir);
    writeServiceFile(options.dataDir, { pid: process.pid, port: control.port, token });
    return control;
  }

  /** Takes the address away, lets requests under way end within a second, then closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    removeServiceFile(this.#dataDir, process.pid);
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => this.#server.closeAllConnections(), 1000);
    await closed;
    clearTimeout(timer);
  }
}

async function answer(
  operations: WarehouseOperations,
  events: EventListeners,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!authorized(request, token)) {
      send(response, 401, {
        error: toControlError(new LensError('SERVICE_UNREACHABLE', 'the token is not the one of this service')),
      });
      return;
    }
    const asked = await readRequest(request);
    if (asked.method === 'query') {
      const [sql, bounds] = asked.params as [unknown, QueryOptions | undefined];
      await answerQuery(response, (sink, signal) => operations.streamQuery(String(sql), { ...bounds, signal }, sink));
    } else if (isTelling(asked.method)) {
      const { method, params } = asked;
      await answerWithProgress(response, TELLING[method] ? events : null, (onProgress, signal) =>
        operations[method]({ ...(params[0] as object | undefined), onProgress, signal } as never),
      );
    } else send(response, 200, { result: await perform(operations, asked.method, asked.params, goneSignal(response)) });
  } catch (error) {
    send(response, 500, { error: toControlError(error) });
  }
}

/** Aborted when the client is not there any more to take the answer. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return gone.signal;
}

function authorized(request: IncomingMessage, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return request.method === 'POST' && given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function readRequest(request: IncomingMessage): Promise<ControlRequest> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) throw new LensError('USAGE', `a request has at most ${MAX_REQUEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const parsed = JSON.parse(Buffer.concat(chunks).toString()) as Partial<ControlRequest>;
  if (parsed.method === undefined || !CONTROL_METHODS.includes(parsed.method) || !Array.isArray(parsed.params)) {
    throw new LensError('USAGE', `the service does not know ${JSON.stringify(parsed.method)}`, {
      hint: 'command and service are of different releases: restart the service',
    });
  }
  return { method: parsed.method, params: parsed.params };
}

async function perform(
  operations: WarehouseOperations,
  method: Exclude<ControlMethod, 'query' | Telling>,
  params: readonly unknown[],
  gone: AbortSignal,
): Promise<unknown> {
  switch (method) {
    case 'ping':
      return { pid: process.pid };
    case 'status':
      return { ...(await operations.status()), service: true };
    case 'lag':
      return operations.lag();
    case 'plan':
      return operations.plan({ ...(params[0] as PlanRequest), signal: gone });
    case 'why':
      return operations.why({ ...(params[0] as WhyQuestion), signal: gone });
    case 'editions':
      return operations.editions();
    case 'dropEdition':
      return operations.dropEdition(String(params[0]));
    case 'compact':
      return operations.compact((params[0] ?? { full: false }) as { full: boolean });
    case 'redrive':
      return operations.letters.redrive(params[0] as RedriveRequest, gone);
    case 'purge':
      return operations.letters.purge(params[0] as DeadLetterFilter);
    default:
      return unreachable(method);
  }
}

/** Whatever goes wrong with one answer is that answer's alone: this never throws. */
function send(response: ServerResponse, status: number, body: unknown): void {
  let text: string;
  try {
    text = JSON.stringify(body);
  } catch (error) {
    send(response, 500, { error: toControlError(error) });
    return;
  }
  // With the head out there is no way left to say what is wrong but to break off.
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}
