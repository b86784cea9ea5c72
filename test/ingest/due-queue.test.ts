import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DueQueue } from '../../src/ingest/due-queue.ts';

test('gives items back by time, whatever the order they came in and the takes between', () => {
  const actions = fc.array(fc.oneof(fc.nat({ max: 1_000 }), fc.constant(null)));
  fc.assert(
    fc.property(actions, (steps) => {
      const queue = new DueQueue<number>();
      const model: number[] = [];
      for (const time of steps) {
        if (time !== null) {
          queue.push(time, time);
          model.push(time);
          model.sort((a, b) => a - b);
        } else {
          expect(queue.nextAt).toBe(model[0] ?? Infinity);
          expect(queue.pop()).toBe(model.shift());
        }
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});
