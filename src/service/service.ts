import type { Settings } from '../core/settings.ts';
import { EventListeners } from '../materializer/event-listeners.ts';
import type { EventSink } from '../materializer/events.ts';
import { ControlServer } from './control-server.ts';
import { openRuntime, type Runtime } from './runtime.ts';

export interface ServiceOptions {
  readonly settings: Settings;
  readonly onEvent: EventSink;
  /** Called once the warehouse is held and commands are answered. */
  readonly onReady?: ((runtime: Runtime, port: number) => void) | undefined;
  /** Work beside following, as publishing live events; ends when its signal is aborted, and ends the service if it throws. */
  readonly beside?: ((runtime: Runtime, signal: AbortSignal) => Promise<void>) | undefined;
  /** Called after a clean stop, while the warehouse is still held. */
  readonly onEnd?: ((runtime: Runtime) => Promise<void>) | undefined;
}

/**
 * The long-running process: keeps the warehouse current and answers commands until the signal is aborted; then stops
 * at a commit and closes everything.
 */
export async function runService(options: ServiceOptions, signal: AbortSignal): Promise<void> {
  const events = new EventListeners(options.onEvent);
  await using runtime = await openRuntime(options.settings, { onEvent: events.tell, create: true });
  const { dataDir, service } = options.settings;
  await using control = await ControlServer.open(runtime.materializer, { dataDir, port: service.port, events });
  options.onReady?.(runtime, control.port);
  // Whatever ends first, in peace or not, ends the other; the first failure is the one reported.
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  let failure: { readonly error: unknown } | undefined;
  const guard = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      failure ??= { error };
      failed.abort();
    }
  };
  await Promise.all([
    guard(runtime.materializer.follow(both)),
    guard(options.beside?.(runtime, both) ?? Promise.resolve()),
  ]);
  if (failure !== undefined) throw failure.error;
  await options.onEnd?.(runtime);
}
