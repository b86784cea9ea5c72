/**
 * Random SELECTs of the kinds that dbt models are made of, over given tables. Choices come from a tape of numbers, so that
 * a property test can shrink them; an empty tape makes the simplest SELECT.
 */
export class Tape {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(count: number): number {
    const number = this.#numbers[this.#at++] ?? 0;
    return count <= 1 ? 0 : number % count;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }
}

export type Kind = 'int' | 'text' | 'date' | 'amount';

export interface Columns {
  readonly [name: string]: Kind;
}

export interface Table {
  /** As it is written in the model: `{{ ref('m0') }}`. */
  readonly name: string;
  readonly columns: Columns;
}

/** A relation in the making: a SELECT and its columns. */
interface Part {
  readonly sql: string;
  readonly columns: Columns;
}

/** The output columns are named c0, c1, ... */
export function randomSelect(tape: Tape, tables: readonly Table[]): Part {
  return new Generator(tape, tables).model();
}

class Generator {
  readonly #tape: Tape;
  readonly #tables: readonly Table[];
  readonly #ctes: string[] = [];
  #names = 0;

  constructor(tape: Tape, tables: readonly Table[]) {
    this.#tape = tape;
    this.#tables = tables;
  }

  model(): Part {
    let part = this.#base();
    const steps = this.#tape.below(4);
    for (let i = 0; i < steps; i++) part = this.#step(part);
    const named = this.#renamed(part);
    const ctes = this.#ctes.length === 0 ? '' : `with ${this.#ctes.join(',\n')}\n`;
    return { sql: `${ctes}${named.sql}`, columns: named.columns };
  }

  #base(): Part {
    const { name, columns } = this.#tape.pick(this.#tables);
    return { sql: `select * from ${name}`, columns };
  }

  /** Puts a part into a common table expression half of the time. */
  #from({ sql }: Part, alias: string): string {
    if (!this.#tape.chance(40)) return `(${sql}) ${alias}`;
    const name = `part_${this.#names++}`;
    this.#ctes.push(`${name} as (${sql})`);
    return `${name} ${alias}`;
  }

  #step(part: Part): Part {
    switch (this.#tape.below(13)) {
      case 0:
        return { ...part, sql: `select * from ${this.#from(part, 'q')} where ${this.#condition(part, 'q')}` };
      case 1:
        return this.#project(part);
      case 2:
      case 3:
        return this.#aggregate(part);
      case 4:
      case 5:
      case 6:
        return this.#join(part);
      case 7:
        return this.#window(part);
      case 8:
        return { ...part, sql: `select distinct * from ${this.#from(part, 'q')}` };
      case 9:
        return this.#latest(part);
      case 10:
        return this.#setOperation(part);
      case 11:
        return this.#semiJoin(part);
      default:
        return this.#scalar(part);
    }
  }

  #columns({ columns }: Part, kind?: Kind): string[] {
    const names = Object.keys(columns);
    const fitting = kind === undefined ? names : names.filter((name) => columns[name] === kind);
    return fitting.length === 0 ? names.slice(0, 1) : fitting;
  }

  #column(part: Part, kind?: Kind): string {
    return this.#tape.pick(this.#columns(part, kind));
  }

  #condition(part: Part, alias: string): string {
    const column = this.#column(part);
    const name = `${alias}.${column}`;
    switch (part.columns[column]) {
      case 'int':
        return this.#tape.pick([`${name} > 2`, `${name} in (1, 3)`, `${name} is not null`, `coalesce(${name}, 0) < 4`]);
      case 'amount':
        return this.#tape.pick([`${name} >= 1.5`, `${name} is null or ${name} < 3`]);
      case 'date':
        return this.#tape.pick([`${name} > date '2026-01-02'`, `${name} is null`]);
      default:
        return this.#tape.pick([`${name} = 'x'`, `${name} <> 'y'`, `lower(${name}) like 'x%'`, `${name} is null`]);
    }
  }

  #project(part: Part): Part {
    const list = [`${this.#column(part)} as p0`];
    const columns: Record<string, Kind> = {};
    columns['p0'] = part.columns[(list[0] as string).split(' ')[0] as string] as Kind;
    for (const [i, name] of this.#columns(part).entries()) {
      if (this.#tape.chance(30)) continue;
      list.push(`${name} as k${i}`);
      columns[`k${i}`] = part.columns[name] as Kind;
    }
    const number = this.#column(part, 'int');
    if (part.columns[number] === 'int') {
      list.push(`case when ${number} > 2 then 'big' when ${number} is null then null else 'small' end as p1`);
      columns['p1'] = 'text';
    }
    return { sql: `select ${list.join(', ')} from ${this.#from(part, 'q')}`, columns };
  }

  #aggregate(part: Part): Part {
    const keys = this.#tape.chance(92) || this.#tape.below(2) === 0 ? [this.#column(part)] : [];
    if (keys.length > 0 && this.#tape.chance(40)) keys.push(this.#column(part));
    const unique = [...new Set(keys)];
    const columns: Record<string, Kind> = {};
    const list = unique.map((name, i) => {
      columns[`g${i}`] = part.columns[name] as Kind;
      return `${name} as g${i}`;
    });
    const add = (sql: string, kind: Kind): void => {
      const name = `a${list.length}`;
      list.push(`${sql} as ${name}`);
      columns[name] = kind;
    };
    const any = this.#column(part);
    const number = this.#column(part, 'int');
    const amount = this.#column(part, 'amount');
    const calls: (() => void)[] = [
      () => add('cast(count(*) as integer)', 'int'),
      () => add(`cast(count(${any}) as integer)`, 'int'),
      () => add(`cast(count(distinct ${any}) as integer)`, 'int'),
      () => add(`min(${any})`, part.columns[any] as Kind),
      () => add(`max(${any})`, part.columns[any] as Kind),
      () => add(`cast(count(*) filter (where ${any} is not null) as integer)`, 'int'),
      () =>
        part.columns[number] === 'int'
          ? add(`cast(sum(${number}) as integer)`, 'int')
          : add('cast(count(*) as integer)', 'int'),
      () =>
        part.columns[amount] === 'amount' ? add(`cast(sum(${amount}) as decimal(10, 2))`, 'amount') : add('1', 'int'),
      () =>
        part.columns[number] === 'int'
          ? add(`cast(10 * sum(${number}) // nullif(count(${number}), 0) as integer)`, 'int')
          : add('2', 'int'),
    ];
    const count = 1 + this.#tape.below(3);
    for (let i = 0; i < count; i++) this.#tape.pick(calls)();
    const having = unique.length > 0 && this.#tape.chance(20) ? ' having count(*) > 1' : '';
    const by = unique.length > 0 ? ` group by ${unique.join(', ')}` : '';
    return { sql: `select ${list.join(', ')} from ${this.#from(part, 'q')}${by}${having}`, columns };
  }

  #other(): Part {
    const part = this.#base();
    return this.#tape.chance(35) ? this.#aggregate(part) : part;
  }

  #sameKind(left: Part, right: Part): [string, string] | null {
    const pairs = this.#columns(left).flatMap((l) =>
      this.#columns(right)
        .filter((r) => left.columns[l] === right.columns[r])
        .map((r): [string, string] => [l, r]),
    );
    return pairs.length === 0 ? null : this.#tape.pick(pairs);
  }

  #join(part: Part): Part {
    const right = this.#other();
    const pair = this.#sameKind(part, right);
    if (pair === null) return part;
    const kind = this.#tape.pick(['left join', 'join', 'left join', 'full join']);
    const second = this.#tape.chance(20) ? this.#sameKind(part, right) : null;
    const residual = this.#tape.chance(15) ? ` and ${this.#condition(right, 'r')}` : '';
    const on = [pair, ...(second === null ? [] : [second])].map(([l, r]) => `l.${l} = r.${r}`).join(' and ');
    const columns: Record<string, Kind> = {};
    const list: string[] = [];
    for (const [side, one] of [
      ['l', part],
      ['r', right],
    ] as const) {
      for (const name of this.#columns(one)) {
        if (list.length > 7) break;
        columns[`${side}_${name}`] = one.columns[name] as Kind;
        list.push(`${side}.${name} as ${side}_${name}`);
      }
    }
    if (kind === 'full join') {
      list.unshift(`coalesce(l.${pair[0]}, r.${pair[1]}) as j`);
      columns['j'] = part.columns[pair[0]] as Kind;
    }
    const sql = `select ${list.join(', ')} from ${this.#from(part, 'l')} ${kind} ${this.#from(right, 'r')} on ${on}${residual}`;
    return { sql, columns };
  }

  #semiJoin(part: Part): Part {
    const right = this.#other();
    const pair = this.#sameKind(part, right);
    if (pair === null) return part;
    const [l, r] = pair;
    const source = `from ${this.#from(right, 'r')}`;
    const test = this.#tape.pick([
      `l.${l} in (select r.${r} ${source})`,
      `exists (select 1 ${source} where r.${r} = l.${l})`,
      `not exists (select 1 ${source} where r.${r} = l.${l})`,
      `l.${l} not in (select r.${r} ${source})`,
    ]);
    return { ...part, sql: `select * from ${this.#from(part, 'l')} where ${test}` };
  }

  #scalar(part: Part): Part {
    const right = this.#base();
    const pair = this.#sameKind(part, right);
    if (pair === null) return part;
    const [l, r] = pair;
    const value = this.#tape.chance(50)
      ? `(select max(r.${r}) from ${this.#from(right, 'r')} where r.${r} = l.${l})`
      : `(select cast(count(*) as integer) from ${this.#from(right, 'r')} where r.${r} = l.${l})`;
    const kind = value.includes('count(*)') ? 'int' : (part.columns[l] as Kind);
    return { sql: `select l.*, ${value} as s from ${this.#from(part, 'l')}`, columns: { ...part.columns, s: kind } };
  }

  /** All columns in some order, so that no two different rows tie. */
  #order(part: Part): string {
    const names = this.#columns(part);
    const first = this.#tape.pick(names);
    const direction = this.#tape.pick(['', ' desc']);
    return [`${first}${direction}`, ...names.filter((name) => name !== first)].join(', ');
  }

  #window(part: Part): Part {
    const partition = this.#tape.chance(90) ? `partition by ${this.#column(part)} ` : '';
    const order = this.#order(part);
    const number = this.#column(part, 'int');
    const call = this.#tape.pick([
      'cast(row_number() over (W) as integer)',
      'cast(count(*) over (P) as integer)',
      'cast(dense_rank() over (W) as integer)',
      `cast(sum(case when ${number} is not null then 1 else 0 end) over (W rows unbounded preceding) as integer)`,
    ]);
    const window = `${partition}order by ${order}`;
    const sql = call.replace('(W', `(${window}`).replace('(P)', `(${partition})`);
    const name = `w${this.#names++}`;
    return {
      sql: `select *, ${sql} as ${name} from ${this.#from(part, 'q')}`,
      columns: { ...part.columns, [name]: 'int' },
    };
  }

  /** One row a partition, as dbt models keep the latest version. */
  #latest(part: Part): Part {
    const by = this.#column(part);
    const order = this.#order(part);
    if (this.#tape.chance(30)) {
      return { ...part, sql: `select distinct on (${by}) * from ${this.#from(part, 'q')} order by ${by}, ${order}` };
    }
    return {
      ...part,
      sql: `select * from ${this.#from(part, 'q')} qualify row_number() over (partition by ${by} order by ${order}) = 1`,
    };
  }

  #setOperation(part: Part): Part {
    const right = this.#base();
    const kinds: Kind[] = ['int', 'text', 'date', 'amount'];
    const pairs = kinds
      .map((kind): [string, string, Kind] | null => {
        const l = this.#columns(part).find((name) => part.columns[name] === kind);
        const r = this.#columns(right).find((name) => right.columns[name] === kind);
        return l === undefined || r === undefined ? null : [l, r, kind];
      })
      .filter((pair) => pair !== null);
    if (pairs.length === 0) return part;
    const operator = this.#tape.pick(['union all', 'union all', 'union', 'except', 'intersect']);
    const columns = Object.fromEntries(pairs.map(([, , kind], i) => [`u${i}`, kind]));
    const side = (one: Part, at: 0 | 1): string =>
      `select ${pairs.map((pair, i) => `${pair[at]} as u${i}`).join(', ')} from ${this.#from(one, 'q')}`;
    return { sql: `${side(part, 0)} ${operator} ${side(right, 1)}`, columns };
  }

  #renamed(part: Part): Part {
    const names = this.#columns(part).slice(0, 9);
    const columns = Object.fromEntries(names.map((name, i) => [`c${i}`, part.columns[name] as Kind]));
    return {
      sql: `select ${names.map((name, i) => `q.${name} as c${i}`).join(', ')} from (${part.sql}) q`,
      columns,
    };
  }
}
