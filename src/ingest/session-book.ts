import { LensError } from '../core/errors.ts';

/** A pause longer than this ends a session: 30 minutes in microseconds. */
export const SESSION_GAP = 30 * 60 * 1_000_000;
/** `session_id = user_id * 10000 + n` leaves room for so many sessions of a user. */
export const MAX_SESSIONS = 9_999;
const IDS_PER_USER = 10_000;

/** Sessions by user slot (a user's place in its pool): n counts from 1, a new one after a pause of more than 30 minutes. */
export class SessionBook {
  readonly #last: Float64Array;
  readonly #number: Int32Array;

  constructor(users: number) {
    this.#last = new Float64Array(users).fill(-Infinity);
    this.#number = new Int32Array(users);
  }

  /** The session a generation of the user at this time (microseconds) belongs to. Times of one user must not go back. */
  sessionAt(slot: number, userId: number, time: number): number {
    if (!this.isOpen(slot, time)) {
      if (this.isFull(slot)) {
        throw new LensError('INPUT_INVALID', `user ${userId} has had all its ${MAX_SESSIONS} sessions`, {
          hint: 'publish more users, so that the traffic is spread over them',
        });
      }
      this.#number[slot] = (this.#number[slot] as number) + 1;
    }
    this.#last[slot] = time;
    return userId * IDS_PER_USER + (this.#number[slot] as number);
  }

  /** Whether a generation at this time would still belong to the user's last session. */
  isOpen(slot: number, time: number): boolean {
    return time - (this.#last[slot] as number) <= SESSION_GAP;
  }

  isFull(slot: number): boolean {
    return (this.#number[slot] as number) >= MAX_SESSIONS;
  }

  /** Takes over what the topic already has. */
  restore(slot: number, userId: number, sessionId: number, time: number): void {
    this.#number[slot] = Math.max(this.#number[slot] as number, sessionId - userId * IDS_PER_USER);
    this.#last[slot] = Math.max(this.#last[slot] as number, time);
  }
}
