import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_SESSIONS, SESSION_GAP, SessionBook } from '../../src/ingest/session-book.ts';

const pauses = fc.array(fc.oneof(fc.nat({ max: 2 * SESSION_GAP }), fc.constantFrom(SESSION_GAP, SESSION_GAP + 1)));

test('a new session starts after a pause of more than 30 minutes, and only then; also after a restart in between', () => {
  fc.assert(
    fc.property(pauses, fc.nat({ max: 30 }), (pauses, restartAt) => {
      let book = new SessionBook(1);
      let time = 1_000_000_000_000_000;
      let number = 1;
      let session = book.sessionAt(0, 7, time);
      expect(session).toBe(70_001);
      for (const [i, pause] of pauses.entries()) {
        if (i === restartAt) {
          book = new SessionBook(1);
          book.restore(0, 7, session, time);
          book.restore(0, 7, 70_001, 1_000_000_000_000_000);
        }
        time += pause;
        if (pause > SESSION_GAP) number++;
        session = book.sessionAt(0, 7, time);
        expect(session).toBe(70_000 + number);
      }
    }),
  );
});

test('a user has at most 9,999 sessions, so that ids of two users never meet', () => {
  const book = new SessionBook(1);
  book.restore(0, 3, 30_000 + MAX_SESSIONS, 0);
  expect(book.isFull(0)).toBe(true);
  expect(book.sessionAt(0, 3, SESSION_GAP)).toBe(39_999);
  expect(() => book.sessionAt(0, 3, 3 * SESSION_GAP)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});
