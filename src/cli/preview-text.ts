import type { ResultColumn } from '../warehouse/read-only-query.ts';
import { displayWidth } from './display-width.ts';
import { oneLine } from './text-table.ts';

const TEXT = /^(VARCHAR|BLOB|UUID|ENUM|STRUCT|MAP|UNION)|\]$/;

/** Rows between bars, as `dbt show` prints them: texts on the left, everything else on the right, null as nothing. */
export function previewText(columns: readonly ResultColumn[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map(cellOf));
  const widths = columns.map(({ name }, i) =>
    Math.max(...[name, ...cells.map((row) => row[i] ?? '')].map((text) => displayWidth(text))),
  );
  const line = (texts: readonly string[]): string => {
    const padded = texts.map((text, i) => {
      const space = ' '.repeat((widths[i] as number) - displayWidth(text));
      return TEXT.test(columns[i]?.type ?? '') ? text + space : space + text;
    });
    return `| ${padded.join(' | ')} |`;
  };
  const names = columns.map(({ name }) => oneLine(name));
  return [line(names), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}
