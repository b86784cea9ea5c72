import { averageOf, type AverageOf, inDoubles, zerosOf } from './average.ts';
import type { StateValue } from './maintenance-plan.ts';

/**
 * What is kept of each kind of aggregate, as SQL. Value j of a group has the column vj, which the model sees, and tallies
 * beside it that follow from the change alone:
 *
 *     cj  rows (or distinct values) that count        tj  those of them that are true        sj  their sum
 *
 * `count` is cj itself and `sum` sj itself, so that vj stands for them there.
 */
type Tally = 'c' | 't' | 's';

/** The tallies of a value that are columns of their own. */
export function helpersOf({ kind }: StateValue): readonly Tally[] {
  switch (kind) {
    case 'count':
    case 'min':
    case 'max':
      return [];
    case 'sum':
      return ['c'];
    case 'avg':
      return ['c', 's'];
    case 'every':
    case 'some':
      return ['c', 't'];
  }
}

/** All tallies of a value. */
function talliesOf(value: StateValue): readonly Tally[] {
  if (value.kind === 'count') return ['c'];
  return value.kind === 'sum' ? ['c', 's'] : helpersOf(value);
}

/** The type of a tally's column. */
export function tallyType({ argument }: StateValue, tally: Tally): string {
  if (tally !== 's') return 'BIGINT';
  const scale = /^DECIMAL\(\d+,(\d+)\)$/.exec(argument ?? '')?.[1];
  return scale === undefined ? 'HUGEINT' : `DECIMAL(38,${scale})`;
}

export function isExtreme({ kind }: StateValue): boolean {
  return kind === 'min' || kind === 'max';
}

/** The condition under which a row counts for a value. */
export function isPresent({ argument, filtered }: StateValue, j: number): string {
  const conditions = [...(argument === null ? [] : [`x${j} is not null`]), ...(filtered ? [`f${j}`] : [])];
  return conditions.length === 0 ? 'true' : conditions.join(' and ');
}

/** The value over all rows of a group. */
export function wholeValue(value: StateValue, j: number): string {
  const filter = `filter (where ${isPresent(value, j)})`;
  const argument = `(${value.distinct ? 'distinct ' : ''}x${j})`;
  switch (value.kind) {
    case 'count':
      return value.distinct ? `count${argument} ${filter}` : `count(*) ${filter}`;
    case 'every':
      return `bool_and${argument} ${filter}`;
    case 'some':
      return `bool_or${argument} ${filter}`;
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
      return `${value.kind}${argument} ${filter}`;
  }
}

/** A tally over all rows of a group. */
export function wholeTally(value: StateValue, j: number, tally: Tally): string {
  const present = isPresent(value, j);
  switch (tally) {
    case 'c':
      return value.distinct ? `count(distinct x${j}) filter (where ${present})` : `count(*) filter (where ${present})`;
    case 't':
      return `count(*) filter (where ${present} and x${j})`;
    case 's':
      return `coalesce(sum(${value.distinct ? 'distinct ' : ''}x${j}) filter (where ${present}), 0)`;
  }
}

/**
 * By how much each tally grows, of rows with `sign` 1 for what came and -1 for what left; of an extreme that of what came (ij)
 * and of what left (oj). Nothing for distinct values, which are counted in a table of their own.
 */
export function deltas(value: StateValue, j: number): string[] {
  if (value.distinct) return [];
  const when = (sign: string): string => `filter (where ${isPresent(value, j)} and sign = ${sign})`;
  if (isExtreme(value)) {
    return [`${value.kind}(x${j}) ${when('1')} as i${j}`, `${value.kind}(x${j}) ${when('-1')} as o${j}`];
  }
  return talliesOf(value).map((tally) => {
    switch (tally) {
      case 'c':
        return `coalesce(sum(sign) filter (where ${isPresent(value, j)}), 0) as c${j}`;
      case 't':
        return `coalesce(sum(sign) filter (where ${isPresent(value, j)} and x${j}), 0) as t${j}`;
      case 's':
        return `coalesce(sum(x${j}) ${when('1')}, 0) - coalesce(sum(x${j}) ${when('-1')}, 0) as s${j}`;
    }
  });
}

/** The same of distinct values, from how many rows of each (`x`) there were `before` and are `after`. */
export function distinctDeltas(value: StateValue): string[] {
  const came = 'filter (where before = 0 and after > 0)';
  const left = 'filter (where before > 0 and after = 0)';
  return talliesOf(value).map((tally) =>
    tally === 'c'
      ? `count(*) ${came} - count(*) ${left} as c`
      : `coalesce(sum(x) ${came}, 0) - coalesce(sum(x) ${left}, 0) as s`,
  );
}

/** A tally after the change: the old row `o`, the change `d`, that of distinct values `mj`. */
export function newTally(value: StateValue, j: number, tally: Tally): string {
  const stands = (value.kind === 'count' && tally === 'c') || (value.kind === 'sum' && tally === 's');
  const before = `coalesce(o.${stands ? 'v' : tally}${j}, 0)`;
  const change = value.distinct ? `coalesce(m${j}.${tally}, 0)` : `d.${tally}${j}`;
  return `cast(${before} + ${change} as ${stands ? value.type : tallyType(value, tally)})`;
}

/**
 * The value after the change.
 *
 * @param redone whether `e` has the extremes of groups that were looked up again
 */
export function newValue(value: StateValue, j: number, redone: boolean): string {
  const tally = (one: Tally): string => newTally(value, j, one);
  const unlessNone = (sql: string): string => `case when ${tally('c')} = 0 then null else ${sql} end`;
  switch (value.kind) {
    case 'count':
      return tally('c');
    case 'sum':
      return unlessNone(tally('s'));
    case 'every':
      return unlessNone(`${tally('t')} = ${tally('c')}`);
    case 'some':
      return unlessNone(`${tally('t')} > 0`);
    case 'min':
    case 'max': {
      const kept = `${value.kind === 'min' ? 'least' : 'greatest'}(o.v${j}, d.i${j})`;
      return redone ? `case when e.redone then e.v${j} else ${kept} end` : kept;
    }
    case 'avg':
      // Made of its tallies, once they are there.
      return inDoubles(value.argument ?? '') ? 'null' : zerosOf({ ...ofTallies(value, j), count: tally('c') });
  }
}

/** An average over the row `b` of new values and tallies. */
export function newAverage(value: StateValue, j: number): string {
  return `case when first(b.c${j}) = 0 then null else ${averageOf(ofTallies(value, j), `b.v${j}`)} end`;
}

function ofTallies({ argument }: StateValue, j: number): AverageOf {
  return { argument: argument ?? '', sum: `b.s${j}`, count: `b.c${j}` };
}
