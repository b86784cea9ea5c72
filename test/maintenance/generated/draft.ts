import type { Tape } from './tape.ts';

/** What a column holds: a family of types, so that columns of one kind can be compared, joined and united. */
export type Kind = 'int' | 'text' | 'date' | 'time' | 'amount' | 'number' | 'flag';

export type Columns = Readonly<Record<string, Kind>>;

export interface Table {
  /** As it is written in the model: `{{ ref('m0') }}`. */
  readonly name: string;
  readonly columns: Columns;
  /** Columns that no two rows share, where that is known. */
  readonly key: readonly string[] | null;
}

/** A relation in the making: a SELECT, its columns, and a unique key where one is known. */
export interface Part {
  readonly sql: string;
  readonly columns: Columns;
  readonly key: readonly string[] | null;
}

/** One model in the making: its tape, the tables it may read, and its common table expressions so far. */
export class Draft {
  readonly tape: Tape;
  readonly tables: readonly Table[];
  readonly ctes: string[] = [];
  /** Common table expressions to be read again. */
  readonly #again: { name: string; part: Part }[] = [];
  #names = 0;

  constructor(tape: Tape, tables: readonly Table[]) {
    this.tape = tape;
    this.tables = tables;
  }

  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** A part to stand after FROM; as a common table expression some of the time. */
  from(part: Part, alias: string): string {
    if (!this.tape.chance(40)) return `(${part.sql}) ${alias}`;
    const name = this.name('part_');
    this.ctes.push(`${name} as (${part.sql})`);
    this.#again.push({ name, part });
    return `${name} ${alias}`;
  }

  /** A table, or a common table expression for the second time. */
  base(): Part {
    if (this.#again.length > 0 && this.tape.chance(25)) {
      const { name, part } = this.tape.pick(this.#again);
      return { ...part, sql: `select * from ${name}` };
    }
    const { name, columns, key } = this.tape.pick(this.tables);
    return { sql: `select * from ${name}`, columns, key };
  }

  columns({ columns }: Part, ...kinds: readonly Kind[]): string[] {
    const names = Object.keys(columns);
    return kinds.length === 0 ? names : names.filter((name) => kinds.includes(columns[name] as Kind));
  }

  column(part: Part): string {
    return this.tape.pick(this.columns(part));
  }

  /** A column of one of the kinds, if there is one. */
  columnOf(part: Part, ...kinds: readonly Kind[]): string | null {
    const fitting = this.columns(part, ...kinds);
    return fitting.length === 0 ? null : this.tape.pick(fitting);
  }

  /** Columns of two parts that can be compared. */
  comparable(left: Part, right: Part): [string, string] | null {
    const pairs = this.columns(left).flatMap((l) =>
      this.columns(right)
        .filter((r) => left.columns[l] === right.columns[r])
        .map((r): [string, string] => [l, r]),
    );
    return pairs.length === 0 ? null : this.tape.pick(pairs);
  }

  /** All columns in some order, so that no two different rows tie. */
  totalOrder(part: Part, alias = ''): string {
    const names = this.columns(part);
    const first = this.tape.pick(names);
    const direction = this.tape.pick(['', ' desc', ' desc nulls last']);
    const at = alias === '' ? '' : `${alias}.`;
    return [`${at}${first}${direction}`, ...names.filter((name) => name !== first).map((name) => at + name)].join(', ');
  }
}
