import { setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { WarehouseOperations, WarehouseReads } from '../materializer/operations.ts';
import type { EventSink } from '../materializer/events.ts';
import { ControlClient } from './control-client.ts';
import type { RuntimeOptions } from './runtime.ts';
import { liveService } from './service-file.ts';

/** How long a command waits for a warehouse that another short command holds, or a service that is just starting. */
const LOCK_PATIENCE_MS = 5_000;

/**
 * Runs `work` with the operations of whoever holds the warehouse: the running service, or this process for as long as
 * `work` takes. WAREHOUSE_LOCKED when another process keeps holding it without answering.
 */
export function withWarehouse<T>(
  settings: Settings,
  options: RuntimeOptions,
  work: (operations: WarehouseOperations) => Promise<T>,
): Promise<T> {
  return held(settings, options.onEvent, work, async () => {
    // Loading it takes longer than the service takes to answer.
    const { openRuntime } = await import('./runtime.ts');
    await using runtime = await openRuntime(settings, options);
    return await work(runtime.materializer);
  });
}

/** The same for work that only reads: nothing is created, built or changed. WAREHOUSE_MISSING when there is none. */
export function withWarehouseReads<T>(
  settings: Settings,
  onEvent: EventSink,
  work: (operations: WarehouseReads) => Promise<T>,
): Promise<T> {
  return held(settings, onEvent, work, async () => {
    const { openReader } = await import('./open-reader.ts');
    await using reader = await openReader(settings, onEvent);
    return await work(reader);
  });
}

/** Runs `work` with the operations of the running service; undefined when none runs on the data folder. */
export async function withService<T>(
  settings: Settings,
  onEvent: EventSink,
  work: (operations: WarehouseReads) => Promise<T>,
): Promise<T | undefined> {
  using client = await connectToService(settings, onEvent);
  return client === undefined ? undefined : await work(client);
}

/** Asks the service, or else does it here; waits for another short command that holds the warehouse. */
async function held<T>(
  settings: Settings,
  onEvent: EventSink,
  work: (client: ControlClient) => Promise<T>,
  here: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  for (;;) {
    using client = await connectToService(settings, onEvent);
    if (client !== undefined) return await work(client);
    try {
      return await here();
    } catch (error) {
      const wait = error instanceof LensError && error.code === 'WAREHOUSE_LOCKED' && Date.now() < deadline;
      if (!wait) throw error;
    }
    await sleep(200);
  }
}

/** A client of the service that runs on the data folder, or undefined. */
async function connectToService(settings: Settings, onEvent: EventSink): Promise<ControlClient | undefined> {
  const address = liveService(settings.dataDir);
  if (address === undefined) return undefined;
  const client = new ControlClient(address, onEvent);
  return (await client.ping()) ? client : undefined;
}
