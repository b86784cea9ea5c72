import { expect, test } from 'vitest';
import { displayWidth } from '../../src/cli/display-width.ts';
import { firstLine, oneLine, textTable } from '../../src/cli/text-table.ts';

test('columns stand below each other as a terminal draws them', () => {
  expect(['abc', '猫', '🙂', '👩‍👩‍👧', 'é', '❤️', '한글', 'ｶ'].map(displayWidth)).toEqual([3, 2, 2, 2, 1, 2, 4, 1]);
  const rows = [
    ['猫', '1'],
    ['cat', '20'],
    ['🙂', '3'],
  ];
  expect(textTable([{ name: 'a' }, { name: 'n', right: true }], rows)).toBe('a     n\n猫    1\ncat  20\n🙂    3');
});

test('what would break a line or a terminal is escaped', () => {
  expect(oneLine('a\tb\nc\u001b[31m\u007f\u009b\u2028\u202e')).toBe('a\\tb\\nc\\u001b[31m\\u007f\\u009b\\u2028\\u202e');
  expect(firstLine('Conversion Error: x\n\nLINE 1: select')).toBe('Conversion Error: x ...');
  expect(firstLine('one\n')).toBe('one');
});
