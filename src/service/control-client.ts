import { Agent, request } from 'node:http';
import { LensError, messageOf } from '../core/errors.ts';
import type {
  CompactionSummary,
  LagRow,
  QueryOptions,
  QueryResult,
  RunOptions,
  RunSummary,
  WarehouseOperations,
  WarehouseStatus,
} from '../materializer/operations.ts';
import { fromControlError, type ControlError, type ControlMethod } from './control-protocol.ts';
import type { ServiceAddress } from './service-file.ts';

/** How long a service may take to say that it is there; it may be in the middle of a batch. */
const PING_TIMEOUT_MS = 10_000;

/** The operations of a running service; errors arrive with code, place and hint as if thrown here. */
export class ControlClient implements WarehouseOperations, Disposable {
  readonly #address: ServiceAddress;
  // Node's fetch gives up after five minutes without an answer; a catch-up may take longer.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  constructor(address: ServiceAddress) {
    this.#address = address;
  }

  /** True when the service answers, false when nobody listens at its address. SERVICE_UNREACHABLE when it hangs. */
  async ping(): Promise<boolean> {
    try {
      await this.#call('ping', [], PING_TIMEOUT_MS);
      return true;
    } catch (error) {
      const cause = error instanceof LensError ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
      if (cause?.code === 'ECONNREFUSED' || cause?.code === 'ECONNRESET') return false;
      throw error;
    }
  }

  status(): Promise<WarehouseStatus> {
    return this.#call('status', []) as Promise<WarehouseStatus>;
  }

  lag(): Promise<LagRow[]> {
    return this.#call('lag', []) as Promise<LagRow[]>;
  }

  query(sql: string, options: QueryOptions = {}): Promise<QueryResult> {
    return this.#call('query', [sql, options]) as Promise<QueryResult>;
  }

  compact(options: { full: boolean }): Promise<CompactionSummary> {
    return this.#call('compact', [options]) as Promise<CompactionSummary>;
  }

  run(options: RunOptions): Promise<RunSummary> {
    return this.#call('run', [options]) as Promise<RunSummary>;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #call(method: ControlMethod, params: readonly unknown[], timeoutMs?: number): Promise<unknown> {
    let text: string;
    try {
      text = await this.#post(JSON.stringify({ method, params }), timeoutMs);
    } catch (error) {
      throw new LensError('SERVICE_UNREACHABLE', `the service did not answer: ${messageOf(error)}`, {
        place: `127.0.0.1:${this.#address.port}, process ${this.#address.pid}`,
        hint: 'see its log; a service that was stopped takes its service.json away',
        cause: error,
      });
    }
    const answer = JSON.parse(text) as { result?: unknown; error?: ControlError };
    if (answer.error !== undefined) throw fromControlError(answer.error);
    return answer.result;
  }

  #post(body: string, timeoutMs: number | undefined): Promise<string> {
    const { port, token } = this.#address;
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const outgoing = request({ host: '127.0.0.1', port, method: 'POST', agent: this.#agent, headers }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => resolve(Buffer.concat(chunks).toString()));
        incoming.on('error', reject);
      });
      if (timeoutMs !== undefined) {
        outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      }
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}
