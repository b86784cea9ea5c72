import type { EventSink } from './events.ts';

/** What is told to one sink, and to others for as long as they listen. */
export class EventListeners {
  readonly #sink: EventSink;
  readonly #others = new Set<EventSink>();

  constructor(sink: EventSink) {
    this.#sink = sink;
  }

  /** The sink to give to whoever tells. */
  readonly tell: EventSink = (event) => {
    this.#sink(event);
    for (const other of this.#others) other(event);
  };

  /** Ends when it is disposed. */
  listen(sink: EventSink): Disposable {
    this.#others.add(sink);
    return { [Symbol.dispose]: () => void this.#others.delete(sink) };
  }
}
