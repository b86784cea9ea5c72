import { setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';
import type { WarehouseOperations } from '../materializer/operations.ts';
import { ControlClient } from './control-client.ts';
import { openRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
import { liveService } from './service-file.ts';

/** How long a command waits for a warehouse that another short command holds, or a service that is just starting. */
const LOCK_PATIENCE_MS = 5_000;

/**
 * Runs `work` with the operations of whoever holds the warehouse: the running service, or this process for as long as
 * `work` takes. WAREHOUSE_LOCKED when another process keeps holding it without answering.
 */
export async function withWarehouse<T>(
  settings: Settings,
  options: RuntimeOptions,
  work: (operations: WarehouseOperations) => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + LOCK_PATIENCE_MS;
  for (;;) {
    using client = await connectToService(settings);
    if (client !== undefined) return await work(client);
    const held = await openUnlessLocked(settings, options, deadline);
    if (held !== undefined) {
      await using runtime = held;
      return await work(runtime.materializer);
    }
    await sleep(200);
  }
}

/** A client of the service that runs on the data folder, or undefined. */
export async function connectToService(settings: Settings): Promise<ControlClient | undefined> {
  const address = liveService(settings.dataDir);
  if (address === undefined) return undefined;
  const client = new ControlClient(address);
  return (await client.ping()) ? client : undefined;
}

async function openUnlessLocked(
  settings: Settings,
  options: RuntimeOptions,
  deadline: number,
): Promise<Runtime | undefined> {
  try {
    return await openRuntime(settings, options);
  } catch (error) {
    const wait = error instanceof LensError && error.code === 'WAREHOUSE_LOCKED' && Date.now() < deadline;
    if (wait) return undefined;
    throw error;
  }
}
