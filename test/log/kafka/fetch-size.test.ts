import { expect, test } from 'vitest';
import { FetchSize } from '../../../src/log/kafka/fetch-size.ts';

test('shrinks while answers are slow, down to a small size, and grows again when they fill fast', () => {
  const size = new FetchSize();
  for (let i = 0; i < 20; i++) size.took(6000, 0);
  expect(size.bytes).toBe(64 << 10);
  for (let i = 0; i < 20; i++) size.took(50, size.bytes);
  expect(size.bytes).toBe(8 << 20);
});

test('stays as it is when answers are small or neither slow nor fast', () => {
  const size = new FetchSize();
  const before = size.bytes;
  for (let i = 0; i < 20; i++) {
    size.took(5, 100);
    size.took(1000, before);
  }
  expect(size.bytes).toBe(before);
});
