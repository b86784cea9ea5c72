import { expect, it } from 'vitest';
import { Interview, questionKey, type RowsAnswer } from '../../src/project/questions.ts';

const answer: RowsAnswer = { columns: [], rows: [[1]], query: 'select 1', reads: [], since: null };

it('white space around a query makes no other question', () => {
  const key = questionKey({ kind: 'rows', sql: 'select 1' });
  expect(questionKey({ kind: 'rows', sql: '\n  select 1 ' })).toBe(key);
  expect(questionKey({ kind: 'rows', sql: 'select 2' })).not.toBe(key);
  const interview = Interview.first(new Map([[key, answer]]));
  interview.ask({ kind: 'rows', sql: ' select 1' });
  interview.ask({ kind: 'rows', sql: 'select 1\n' });
  expect(interview.askedRows).toEqual([{ key, sql: 'select 1', answer }]);
  expect(interview.answers).toHaveLength(2);
});

it('an answer that is not taken has not been given', () => {
  const interview = Interview.again([answer]);
  const refuse = (): never => {
    throw new Error('no');
  };
  expect(() => interview.ask({ kind: 'rows', sql: 'select 1' }, refuse)).toThrow('no');
  expect([interview.answers, interview.askedRows]).toEqual([[], []]);
  expect(interview.ask({ kind: 'rows', sql: 'select 1' })).toBe(answer);
});
