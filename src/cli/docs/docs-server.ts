import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { LensError, messageOf } from '../../core/errors.ts';
import type { DocsStatus } from './docs-data.ts';

/** What `lens docs generate` writes, by the path it is served under. */
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/index.html': ['index.html', 'text/html; charset=utf-8'],
  '/manifest.json': ['manifest.json', 'application/json'],
  '/catalog.json': ['catalog.json', 'application/json'],
  '/run_results.json': ['run_results.json', 'application/json'],
};

export interface DocsServer extends AsyncDisposable {
  readonly url: string;
}

/** What a service says of now; undefined when none runs. */
export type AskStatus = () => Promise<DocsStatus | undefined>;

/**
 * Serves the pages of a target folder, and nothing else of it, on this machine; as `status.json` what a service says of now, or nothing (204).
 * USAGE when the port is taken.
 */
export async function serveDocs(dir: string, host: string, port: number, askStatus: AskStatus): Promise<DocsServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://docs');
    if (pathname === '/status.json' && request.method === 'GET') return void sendStatus(response, askStatus);
    const [name, type] = FILES[pathname] ?? [];
    const body = name === undefined || request.method !== 'GET' ? null : contentOf(path.join(dir, name));
    response.writeHead(body === null ? 404 : 200, {
      'content-type': body === null ? 'text/plain' : type,
      'cache-control': 'no-store',
    });
    response.end(body ?? 'not found\n');
  });
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new LensError('USAGE', `the documentation cannot be served on ${host}:${port}: ${messageOf(error)}`, {
      hint: 'take another port with --port',
      cause: error,
    });
  }
  const url = `http://${host}:${(server.address() as AddressInfo).port}`;
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function sendStatus(response: ServerResponse, ask: AskStatus): Promise<void> {
  // a service that is just stopping is none
  const status = await ask().catch(() => undefined);
  response.writeHead(status === undefined ? 204 : 200, {
    ...(status === undefined ? {} : { 'content-type': 'application/json' }),
    'cache-control': 'no-store',
  });
  response.end(status === undefined ? undefined : JSON.stringify(status));
}

/** Null when it is not there. */
function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}
