import { setTimeout as sleep } from 'node:timers/promises';
import { LensError, messageOf } from '../core/errors.ts';
import type { RecordBlock } from '../log/record-block.ts';
import { wireIdOf } from './wire-format.ts';
import type { SchemaLookup } from './writer-schemas.ts';

const ATTEMPTS = 4;
const TIMEOUT_MS = 10_000;

/**
 * A client of the Confluent Schema Registry's HTTP API (https://docs.confluent.io/platform/current/schema-registry/develop/api.html):
 * `GET /schemas/ids/ID` and `POST /subjects/TOPIC-value/versions`. Ids never change their schema, so what was fetched is
 * kept, also that an id is not there.
 */
export class SchemaRegistry {
  readonly #base: string;
  readonly #headers: Record<string, string> = { accept: 'application/vnd.schemaregistry.v1+json, application/json' };
  readonly #schemas = new Map<number, ReturnType<SchemaLookup>>();
  readonly #registered = new Map<string, Promise<number>>();

  /** @param url the base address; user and password in it are sent as basic authentication */
  constructor(url: string) {
    let parsed: URL;
    try {
      parsed = new URL(url);
    } catch {
      throw new LensError('CONFIG_INVALID', `the schema registry's address is not a URL: ${url}`, {
        hint: 'for example http://127.0.0.1:8081, in --registry or SCHEMA_REGISTRY_URL',
      });
    }
    if (parsed.username !== '') {
      const login = `${decodeURIComponent(parsed.username)}:${decodeURIComponent(parsed.password)}`;
      this.#headers['authorization'] = `Basic ${Buffer.from(login).toString('base64')}`;
      parsed.username = '';
      parsed.password = '';
    }
    this.#base = parsed.href.replace(/\/$/, '');
  }

  /** What was fetched for an id. INTERNAL when nobody asked for it with fetchSchemas. */
  schema(id: number): ReturnType<SchemaLookup> {
    const found = this.#schemas.get(id);
    if (found === undefined)
      throw new LensError('INTERNAL', `schema id ${id} was not fetched before its records were read`);
    return found;
  }

  /** Fetches the ids in a block that are new; null when there are none. */
  fetchSchemas(block: RecordBlock): Promise<void> | null {
    let missing: Set<number> | null = null;
    let last = -1;
    for (let i = 0; i < block.count; i++) {
      const id = wireIdOf(block.bytes, block.valueStart[i] as number, block.valueLength[i] as number);
      if (id === last || id < 0) continue;
      last = id;
      if (!this.#schemas.has(id)) (missing ??= new Set()).add(id);
    }
    if (missing === null) return null;
    return Promise.all([...missing].map((id) => this.#fetch(id))).then(() => undefined);
  }

  /** The schema of an id, fetched when it is not known yet. REGISTRY_FAILED. */
  async schemaOf(id: number): Promise<ReturnType<SchemaLookup>> {
    if (!this.#schemas.has(id)) await this.#fetch(id);
    return this.schema(id);
  }

  /** The newest schema under the subject TOPIC-value; null when there is none. REGISTRY_FAILED, also for what is not Avro. */
  async latest(topic: string): Promise<unknown> {
    const subject = `${topic}-value`;
    const answer = await this.#ask('GET', `/subjects/${encodeURIComponent(subject)}/versions/latest`);
    if (answer.status === 404) return null;
    const { schema, schemaType } = answer.json;
    if (answer.status !== 200 || typeof schema !== 'string') throw this.#failed(`no answer for ${subject}`, answer);
    if (typeof schemaType === 'string' && schemaType !== 'AVRO') {
      throw this.#failed(`${subject} is ${schemaType}, not Avro`, answer);
    }
    return JSON.parse(schema) as unknown;
  }

  /** The id of a topic's schema under the subject TOPIC-value, registered if it is not there yet. */
  register(topic: string, schema: unknown): Promise<number> {
    const text = JSON.stringify(schema);
    const key = `${topic} ${text}`;
    let id = this.#registered.get(key);
    if (id === undefined) {
      id = this.#register(topic, text);
      this.#registered.set(key, id);
      // A failure is not remembered: the next encoder asks again.
      id.catch(() => this.#registered.delete(key));
    }
    return id;
  }

  async #register(topic: string, schema: string): Promise<number> {
    const subject = `${topic}-value`;
    const answer = await this.#ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, { schema });
    const id = answer.json['id'];
    if (answer.status === 200 && typeof id === 'number') return id;
    throw this.#failed(`the registry refused the schema of ${subject}`, answer, {
      hint:
        answer.status === 409
          ? `the newest schema in topics/${topic} is not compatible with the subject's: compare them, or change the subject's compatibility`
          : undefined,
    });
  }

  async #fetch(id: number): Promise<void> {
    const answer = await this.#ask('GET', `/schemas/ids/${id}`);
    const { schema, schemaType } = answer.json;
    if (answer.status === 404) this.#schemas.set(id, { unknown: `the registry has no schema id ${id}` });
    else if (answer.status !== 200 || typeof schema !== 'string')
      throw this.#failed(`no answer for schema id ${id}`, answer);
    else if (typeof schemaType === 'string' && schemaType !== 'AVRO') {
      this.#schemas.set(id, { unknown: `schema id ${id} is ${schemaType}, not Avro` });
    } else {
      // A bare primitive schema is stored as its name, not as JSON.
      this.#schemas.set(id, { schema: /^\s*[{["]/.test(schema) ? (JSON.parse(schema) as unknown) : schema });
    }
  }

  /** Asks again when nobody answers or the registry is ill (5xx), a little later each time. */
  async #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    let problem: unknown;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await sleep(100 * 2 ** attempt);
      try {
        const response = await fetch(this.#base + path, {
          method,
          headers:
            body === undefined
              ? this.#headers
              : { ...this.#headers, 'content-type': 'application/vnd.schemaregistry.v1+json' },
          body: body === undefined ? null : JSON.stringify(body),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        const text = await response.text();
        if (response.status < 500) return { status: response.status, json: objectOf(text), text };
        problem = `${response.status} ${text.slice(0, 200)}`;
      } catch (error) {
        problem = error instanceof Error && error.cause !== undefined ? error.cause : error;
      }
    }
    throw new LensError('REGISTRY_FAILED', `the schema registry does not answer: ${messageOf(problem)}`, {
      place: this.#base,
      hint: 'check the address in --registry or SCHEMA_REGISTRY_URL and that the registry runs',
      cause: problem,
    });
  }

  #failed(what: string, answer: Answer, { hint }: { hint?: string | undefined } = {}): LensError {
    const login = answer.status === 401 || answer.status === 403;
    return new LensError('REGISTRY_FAILED', `${what}: ${answer.status} ${answer.text.slice(0, 300)}`, {
      place: this.#base,
      hint: login ? 'put user and password into the address: https://USER:PASSWORD@HOST' : hint,
    });
  }
}

interface Answer {
  readonly status: number;
  readonly json: Record<string, unknown>;
  readonly text: string;
}

function objectOf(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
