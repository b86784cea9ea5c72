import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { docsPage } from '../../src/cli/docs/docs-page.ts';
import { serveDocs } from '../../src/cli/docs/docs-server.ts';
import type { DocsStatus } from '../../src/cli/docs/docs-data.ts';

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly { id: string; x: number; y: number; width: number; height: number }[];
  readonly lines: readonly { from: string; to: string; path: string }[];
}
const page = '../../src/cli/docs/page';
const { layoutLineage, shortLabel } = (await import(`${page}/lineage.js`)) as {
  shortLabel: (label: string) => string;
  layoutLineage: (nodes: readonly { id: string; label: string; parents: readonly string[] }[]) => Layout;
};
const { markdown } = (await import(`${page}/markdown.js`)) as { markdown: (text: string) => unknown[] };

/** `a: b c` is a node with its parents. */
function layout(...nodes: readonly string[]): Layout {
  return layoutLineage(
    nodes.map((node) => {
      const [id = '', parents = ''] = node.split(':');
      return { id, label: id, parents: parents.split(' ').filter(Boolean) };
    }),
  );
}

test('the page is one whole script, with the data closed in', () => {
  const html = docsPage({
    project: 'shop $& </title>',
    generatedAt: '2026-01-01T00:00:00.000Z',
    overview: '</script><script>alert(1)</script> $&',
    status: null,
    resources: [],
  });
  const script = /<script type="module">([\s\S]*)<\/script>/.exec(html)?.[1] ?? '';
  expect(script).toContain('askForStatus');
  // a name that two of the modules have would end it, and so would an import that is left
  expect(() => new Script(script)).not.toThrow();
  expect(html.match(/<\/script>/g)).toHaveLength(2);
  const json = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  expect(JSON.parse(json)).toMatchObject({ overview: '</script><script>alert(1)</script> $&' });
  expect(html).toContain('<title>shop $&amp; &lt;/title></title>');
  expect(html).not.toMatch(/\b(?:src|href)="?https?:|url\(|@import|\bimport\(/);
});

test('boxes of the lineage stand in columns, apart from each other, and no line runs below one', () => {
  const { boxes, lines, width, height } = layout(
    's1',
    's2',
    'late',
    'a:s1',
    'b:s2 a',
    'c:b a',
    'd:c late s1',
    'e:d gone',
  );
  const at = new Map(boxes.map((box) => [box.id, box]));
  const x = (id: string): number => at.get(id)?.x as number;
  expect(boxes).toHaveLength(8);
  expect([x('s1') < x('a'), x('a') < x('b'), x('b') < x('c'), x('c') < x('d'), x('d') < x('e')]).toEqual(
    Array.from({ length: 5 }, () => true),
  );
  // what nothing leads to stands right before what reads it
  expect([x('s2'), x('late')]).toEqual([x('a'), x('c')]);
  expect(lines.map(({ from, to }) => `${from}-${to}`).sort()).toEqual(
    ['a-b', 'a-c', 'b-c', 'c-d', 'd-e', 'late-d', 's1-a', 's1-d', 's2-b'].sort(),
  );
  for (const [i, box] of boxes.entries()) {
    expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
    for (const other of boxes.slice(i + 1))
      expect(box.x !== other.x || Math.abs(box.y - other.y) >= box.height, `${box.id} ${other.id}`).toBe(true);
  }
  // s1 to d passes three columns, each straight on, where none of their boxes is
  const long = lines.find(({ from, to }) => from === 's1' && to === 'd')?.path ?? '';
  const ys = [...long.matchAll(/ (-?\d+)H/g)].map((match) => Number(match[1]));
  expect(ys).toHaveLength(3);
  for (const [i, id] of ['a', 'b', 'c'].entries())
    for (const box of boxes.filter((one) => one.x === x(id)))
      expect((ys[i] as number) < box.y || (ys[i] as number) > box.y + box.height, `${long} ${box.id}`).toBe(true);
});

test('a box is as wide as its name, which is shortened where it is long; a line stands once', () => {
  expect(['x'.repeat(35), 'x'.repeat(36)].map(shortLabel)).toEqual(['x'.repeat(35), `${'x'.repeat(34)}…`]);
  const width = (...names: string[]): number => layout(...names).boxes[0]?.width as number;
  expect([width('a'), width('x'.repeat(20)), width('x'.repeat(35)), width('x'.repeat(90))]).toEqual([
    90, 178, 294, 294,
  ]);
  expect(layout('a', 'b:a a').lines).toHaveLength(1);
});

test('descriptions are Markdown, their HTML is text, and only harmless addresses are links', () => {
  expect(markdown('One row per *day* and `user_id`;\n**not** snake_case_name\n\nNext')).toEqual([
    [
      'p',
      {},
      'One row per ',
      ['em', {}, 'day'],
      ' and ',
      ['code', {}, 'user_id'],
      ';\n',
      ['strong', {}, 'not'],
      ' snake_case_name',
    ],
    ['p', {}, 'Next'],
  ]);
  expect(markdown('# Head\n- one\n- two\n  more\n  1. deep\n\nend')).toEqual([
    ['h4', {}, 'Head'],
    ['ul', {}, ['li', {}, 'one'], ['li', {}, 'two\nmore', ['ol', {}, ['li', {}, 'deep']]]],
    ['p', {}, 'end'],
  ]);
  expect(markdown('| a | b |\n|---|--:|\n| `x` | 1 \\| 2 |')).toEqual([
    [
      'table',
      {},
      ['thead', {}, ['tr', {}, ['th', {}, 'a'], ['th', { align: 'right' }, 'b']]],
      ['tbody', {}, ['tr', {}, ['td', {}, ['code', {}, 'x']], ['td', { align: 'right' }, '1 | 2']]],
    ],
  ]);
  expect(markdown('```sql\nselect *\n```\n> quoted\n\n---')).toEqual([
    ['pre', {}, ['code', {}, 'select *']],
    ['blockquote', {}, ['p', {}, 'quoted']],
    ['hr', {}],
  ]);
  const link = (href: string, text: string) => ['a', { href, rel: 'noreferrer' }, text];
  expect(
    markdown('[x](https://e.org/a_b_(c)) ![pic](p.png) <b>no</b> [m](#!/model/model.shop.m) [bad](javascript:x)'),
  ).toEqual([
    [
      'p',
      {},
      link('https://e.org/a_b_(c)', 'x'),
      ' ',
      link('p.png', 'pic'),
      ' <b>no</b> ',
      link('#model.shop.m', 'm'),
      ' ',
      ['span', {}, 'bad'],
    ],
  ]);
  expect(markdown('')).toEqual([]);
});

test('what a service says of now is served beside the page, nothing where there is none', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-docs-page-'));
  const status = { state: 'current', lag: 0 } as DocsStatus;
  const answers = [
    () => Promise.resolve(status),
    () => Promise.resolve(undefined),
    () => Promise.reject(new Error('stopping')),
  ];
  for (const [i, answer] of answers.entries()) {
    await using server = await serveDocs(dir, '127.0.0.1', 0, answer);
    const response = await fetch(`${server.url}/status.json`);
    expect([response.status, await response.text()]).toEqual(i === 0 ? [200, JSON.stringify(status)] : [204, '']);
    expect((await fetch(server.url)).status).toBe(404);
  }
});
