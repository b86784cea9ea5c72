import type { EditionProgress } from './next-edition-contract.ts';
import type { Preflight } from './preflight.ts';

/** What a full refresh tells while it works, in this order; it goes over the service's control port as JSON. */
export type RefreshNews =
  /** Before anything is done. */
  | { readonly kind: 'preflight'; readonly preflight: Preflight }
  | { readonly kind: 'phase'; readonly phase: RefreshPhase; readonly message: string }
  | ({ readonly kind: 'progress' } & EditionProgress);

export type RefreshPhase = 'preflight' | 'replay' | 'rebuild' | 'catch up' | 'tests' | 'swap';

export type RefreshSink = (news: RefreshNews) => void;

/** What a next edition that took over was. */
export interface Refreshed {
  /** The new live edition's number, and that of the one `lens rollback` returns to. */
  readonly edition: number;
  readonly previous: number;
  /** Records applied to it. */
  readonly records: number;
  readonly tests: number;
  /** How long following was held for the swap, in milliseconds; readers were not held at all. */
  readonly heldMilliseconds: number;
}
