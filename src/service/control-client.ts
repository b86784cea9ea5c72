import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { LensError, messageOf } from '../core/errors.ts';
import {
  NOTHING_RUN,
  type CompactionSummary,
  type LagRow,
  type OperationRequest,
  type PlanRequest,
  type QueryEnd,
  type QueryOptions,
  type ReplayOptions,
  type RollbackOptions,
  type RunOptions,
  type RunSummary,
  type WarehouseOperations,
  type WarehouseStatus,
} from '../materializer/operations.ts';
import type { SeedOptions, SeedSummary } from '../materializer/runs/seed-run.ts';
import type { LetterOperations, RedriveSummary } from '../materializer/dead-letters/dead-letter-contract.ts';
import type { TestOptions, TestSummary } from '../materializer/nodes/node-results.ts';
import type { EventSink } from '../materializer/events.ts';
import type { HookRequest, HookResults } from '../materializer/hooks/hook-contract.ts';
import type { MacroDone } from '../materializer/hooks/run-macro.ts';
import type { EditionEntry } from '../materializer/editions/editions.ts';
import type { Refreshed } from '../materializer/editions/refresh-contract.ts';
import type { Verification, VerifyOptions } from '../materializer/verification/verification.ts';
import type { Applied, ApplyRequest } from '../materializer/editions/apply-contract.ts';
import type { ChangePlan } from '../materializer/changes/change-plan.ts';
import type { WhyAnswer, WhyQuestion } from '../materializer/lineage/why-contract.ts';
import { resultOf, type ControlMethod } from './control-protocol.ts';
import type { ResultSink } from '../warehouse/read-only-query.ts';
import { QUERY_LINES, readQueryLines } from './query-lines.ts';
import type { ServiceAddress } from './service-file.ts';
import { type ProgressTaker, readWithProgress } from './progress-lines.ts';

/** How long a service may take to say that it is there; it may be in the middle of a batch. */
const PING_TIMEOUT_MS = 10_000;

interface CallBounds {
  readonly timeoutMs?: number;
  /** Breaks the connection off; what the service does with that is its own affair. */
  readonly signal?: AbortSignal | undefined;
}

/** The operations of a running service; errors arrive with code, place and hint as if thrown here. */
export class ControlClient implements WarehouseOperations, Disposable {
  readonly letters: LetterOperations = {
    redrive: (request, signal) => this.#call('redrive', [request], { signal }) as Promise<RedriveSummary>,
    purge: (filter) => this.#call('purge', [filter]) as Promise<{ purged: number }>,
  };
  readonly #address: ServiceAddress;
  readonly #onEvent: EventSink;
  // Node's fetch gives up after five minutes without an answer; a catch-up may take longer.
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  /** @param onEvent told what the service does while it works for a command that changes something */
  constructor(address: ServiceAddress, onEvent: EventSink) {
    this.#address = address;
    this.#onEvent = onEvent;
  }

  /** True when the service answers, false when nobody listens at its address. SERVICE_UNREACHABLE when it hangs. */
  async ping(): Promise<boolean> {
    try {
      await this.#call('ping', [], { timeoutMs: PING_TIMEOUT_MS });
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

  async streamQuery(sql: string, options: QueryOptions, sink: ResultSink): Promise<QueryEnd> {
    const { signal, ...bounds } = options;
    const incoming = await this.#post('query', [sql, bounds]);
    const leave = (): void => void incoming.destroy();
    signal?.addEventListener('abort', leave, { once: true });
    try {
      if (incoming.headers['content-type'] === QUERY_LINES) return await readQueryLines(incoming, sink);
      return resultOf(await text(incoming)) as QueryEnd;
    } catch (error) {
      // A connection that breaks off in the middle, and nothing that the sink threw.
      throw incoming.errored === error ? this.#unreachable(error) : error;
    } finally {
      signal?.removeEventListener('abort', leave);
      incoming.destroy();
    }
  }

  verify({ signal, onProgress, ...options }: VerifyOptions): Promise<Verification> {
    return this.#callWithProgress('verify', options, signal, onProgress) as Promise<Verification>;
  }

  test({ signal, onProgress, ...options }: TestOptions): Promise<TestSummary> {
    return this.#callWithProgress('test', options, signal, onProgress) as Promise<TestSummary>;
  }

  hooks({ onProgress, ...request }: HookRequest): Promise<HookResults> {
    return this.#callWithProgress('hooks', request, undefined, onProgress) as Promise<HookResults>;
  }

  operation({ onProgress, ...request }: OperationRequest): Promise<MacroDone> {
    return this.#callWithProgress('operation', request, undefined, onProgress) as Promise<MacroDone>;
  }

  plan({ signal, ...request }: PlanRequest): Promise<ChangePlan> {
    return this.#call('plan', [request], { signal }) as Promise<ChangePlan>;
  }

  apply({ signal, onProgress, ...request }: ApplyRequest): Promise<Applied> {
    return this.#callWithProgress('apply', request, signal, onProgress) as Promise<Applied>;
  }

  why({ signal, ...question }: WhyQuestion): Promise<WhyAnswer> {
    return this.#call('why', [question], { signal }) as Promise<WhyAnswer>;
  }

  seed(options: SeedOptions): Promise<SeedSummary> {
    return this.#callWithProgress('seed', options, undefined, undefined) as Promise<SeedSummary>;
  }

  compact(options: { full: boolean }): Promise<CompactionSummary> {
    return this.#call('compact', [options]) as Promise<CompactionSummary>;
  }

  async run({ signal, onProgress, ...options }: RunOptions): Promise<RunSummary> {
    try {
      return (await this.#callWithProgress('run', options, signal, onProgress)) as RunSummary;
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      return { ...NOTHING_RUN, interrupted: true };
    }
  }

  async rollback({ signal, onProgress }: RollbackOptions): Promise<Refreshed | null> {
    try {
      return (await this.#callWithProgress('rollback', {}, signal, onProgress)) as Refreshed | null;
    } catch (error) {
      if (signal?.aborted === true) return null;
      throw error;
    }
  }

  async replay({ signal, onProgress, ...request }: ReplayOptions): Promise<EditionEntry | null> {
    try {
      return (await this.#callWithProgress('replay', request, signal, onProgress)) as EditionEntry | null;
    } catch (error) {
      if (signal?.aborted === true) return null;
      throw error;
    }
  }

  editions(): Promise<EditionEntry[]> {
    return this.#call('editions', []) as Promise<EditionEntry[]>;
  }

  async dropEdition(name: string): Promise<void> {
    await this.#call('dropEdition', [name]);
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  async #call(method: ControlMethod, params: readonly unknown[], bounds: CallBounds = {}): Promise<unknown> {
    const incoming = await this.#post(method, params, bounds);
    const answer = await text(incoming).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
    return resultOf(answer);
  }

  async #callWithProgress(
    method: ControlMethod,
    options: object,
    signal: AbortSignal | undefined,
    onProgress: ProgressTaker,
  ): Promise<unknown> {
    try {
      return await readWithProgress(await this.#post(method, [options], { signal }), onProgress, this.#onEvent);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw error instanceof LensError ? error : this.#unreachable(error);
    }
  }

  /** Sends a request; gives the answer as soon as its head is there. SERVICE_UNREACHABLE otherwise. */
  #post(method: ControlMethod, params: readonly unknown[], bounds: CallBounds = {}): Promise<IncomingMessage> {
    const { timeoutMs, signal } = bounds;
    const { port, token } = this.#address;
    return new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const outgoing = request(
        { host: '127.0.0.1', port, method: 'POST', agent: this.#agent, headers, signal },
        resolve,
      );
      if (timeoutMs !== undefined) {
        outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      }
      outgoing.on('error', reject);
      outgoing.end(JSON.stringify({ method, params }));
    }).catch((error: unknown) => {
      throw this.#unreachable(error);
    });
  }

  #unreachable(cause: unknown): LensError {
    return new LensError('SERVICE_UNREACHABLE', `the service did not answer: ${messageOf(cause)}`, {
      place: `127.0.0.1:${this.#address.port}, process ${this.#address.pid}`,
      hint: 'see its log; a service that was stopped takes its service.json away',
      cause,
    });
  }
}
