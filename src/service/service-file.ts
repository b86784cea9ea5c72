import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder } from '../core/make-folder.ts';

/** Where a running service can be asked, as `service.json` in the data folder says it; readable by its owner alone. */
export interface ServiceAddress {
  readonly pid: number;
  readonly port: number;
  /** What a request must carry. */
  readonly token: string;
}

/** Written whole or not at all, mode 0600. */
export function writeServiceFile(dataDir: string, address: ServiceAddress): void {
  makeFolder(dataDir);
  const file = place(dataDir);
  writeFileSync(`${file}.${address.pid}`, `${JSON.stringify(address)}\n`, { mode: 0o600 });
  renameSync(`${file}.${address.pid}`, file);
}

/** Removes the file if it is this process's own. */
export function removeServiceFile(dataDir: string, pid: number): void {
  if (read(dataDir)?.pid === pid) rmSync(place(dataDir), { force: true });
}

/** The address of a service whose process is alive; undefined when there is none (a file left by a dead one is ignored). */
export function liveService(dataDir: string): ServiceAddress | undefined {
  const address = read(dataDir);
  return address !== undefined && isAlive(address.pid) ? address : undefined;
}

function place(dataDir: string): string {
  return path.join(dataDir, 'service.json');
}

function read(dataDir: string): ServiceAddress | undefined {
  if (!existsSync(place(dataDir))) return undefined;
  try {
    const found = JSON.parse(readFileSync(place(dataDir), 'utf8')) as Partial<ServiceAddress>;
    const { pid, port, token } = found;
    if (typeof pid !== 'number' || typeof port !== 'number' || typeof token !== 'string') return undefined;
    return { pid, port, token };
  } catch {
    // Gone between the two calls, or not ours: the same as no file.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
