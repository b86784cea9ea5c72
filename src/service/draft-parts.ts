import type { Project } from '../project/project-contract.ts';
import type { DraftContract } from '../topics/init-contract.ts';
import type { Draft } from '../topics/init-fields.ts';

/** What came of one table: a contract to write, or why there is none. */
export type InitOutcome =
  | { readonly table: string; readonly draft: DraftContract; readonly notes: readonly string[] }
  | { readonly table: string; readonly problem: string; readonly hint: string };

export function declared(table: string, topic: string): InitOutcome {
  return {
    table,
    problem: `topics/${topic} is there already, for another table`,
    hint: 'name another topic with --from-topic',
  };
}

/** The column that data tests say is unique and not null. */
export function testedKey(project: Project, kind: 'source' | 'seed', name: string): readonly string[] | null {
  const own = project.tests.filter(({ target }) => target?.kind === kind && target.name === name);
  const has = (test: string, column: string): boolean =>
    own.some(({ testName, columnName }) => testName === test && columnName === column);
  const found = own.find(
    ({ columnName }) => columnName !== null && has('unique', columnName) && has('not_null', columnName),
  );
  return found?.columnName === undefined || found.columnName === null ? null : [found.columnName];
}

export function settingsOf(key: readonly string[]): Record<string, string> {
  return key.length === 0 ? { 'retention.ms': '-1' } : { 'cleanup.policy': 'compact' };
}

export function doubtsOf({ fields, left }: Draft): string[] {
  return [...fields.flatMap(({ doubts }) => doubts), ...left.map(({ name, why }) => `${name} is left out: it ${why}`)];
}

export function keyDoubts(key: readonly string[] | null): string[] {
  if (key !== null && key.length > 0) return [];
  const why = key === null ? 'nothing says what the message key is' : 'its records have no key';
  return [`${why}, so that every record is a row (mode append); --key COLUMN makes the last record of a key its row`];
}
