import { describe, expect, it } from 'vitest';
import { lineDiff, unifiedDiff } from '../../src/core/line-diff.ts';
import { Random } from '../../src/core/random.ts';

describe('a unified diff', () => {
  it('shows what goes and what comes, with the lines around it', () => {
    expect(unifiedDiff('select\n  a,\n  b\nfrom t', 'select\n  a,\n  c\nfrom t', 1)).toBe(
      '@@ -2,3 +2,3 @@\n   a,\n-  b\n+  c\n from t',
    );
  });

  it('is empty for the same text', () => {
    expect(unifiedDiff('a\nb', 'a\nb')).toBe('');
  });

  it('leads from any text to any other, by as few lines as can be', () => {
    const random = new Random(7);
    const text = (): string[] => Array.from({ length: 1 + random.below(12) }, () => 'abcd'[random.below(4)] ?? 'a');
    for (let round = 0; round < 300; round++) {
      const [before, after] = [text(), text()];
      const lines = lineDiff(before, after);
      expect(lines.filter(({ side }) => side !== '+').map(({ line }) => line)).toEqual(before);
      expect(lines.filter(({ side }) => side !== '-').map(({ line }) => line)).toEqual(after);
      const common = longestCommon(before, after);
      expect(lines.filter(({ side }) => side !== ' ').length).toBe(before.length + after.length - 2 * common);
      expect(patched(before, unifiedDiff(before.join('\n'), after.join('\n'), 1))).toEqual(after);
    }
  });
});

/** The length of the longest common subsequence, by the textbook's table. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  const table = Array.from({ length: a.length + 1 }, () => Array.from({ length: b.length + 1 }, () => 0));
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const [left, up] = [table[i]?.[j - 1] ?? 0, table[i - 1]?.[j] ?? 0];
      (table[i] as number[])[j] = a[i - 1] === b[j - 1] ? (table[i - 1]?.[j - 1] ?? 0) + 1 : Math.max(left, up);
    }
  }
  return table[a.length]?.[b.length] ?? 0;
}

/** What patch(1) makes of it, going by the heads of the pieces. */
function patched(before: readonly string[], diff: string): string[] {
  const result = [...before];
  let shift = 0;
  for (const piece of diff.split(/^(?=@@)/m).filter((one) => one !== '')) {
    const [head = '', ...body] = piece.replace(/\n$/, '').split('\n');
    const [, start = '', length = '1', to = '', toLength = '1'] = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@$/.exec(
      head,
    ) as unknown as string[];
    const at = Number(start) - (length === '0' ? 0 : 1);
    const old = body.filter((line) => !line.startsWith('+')).map((line) => line.slice(1));
    const fresh = body.filter((line) => !line.startsWith('-')).map((line) => line.slice(1));
    expect([old.length, fresh.length]).toEqual([Number(length), Number(toLength ?? '1')]);
    expect(before.slice(at, at + old.length)).toEqual(old);
    expect(at + shift).toBe(Number(to) - (toLength === '0' ? 0 : 1));
    result.splice(at + shift, old.length, ...fresh);
    shift += fresh.length - old.length;
  }
  return result;
}
