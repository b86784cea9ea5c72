import { bind, wholeArgument } from '../jinja/arguments.ts';
import { applyOperator } from '../jinja/operators.ts';
import { items, repr, truthy, Thing, tuple, TemplateError, type Callable, type Value } from '../jinja/values.ts';

/** The most items that one call gives. */
const MOST = 100_000;

/** What of Python's `itertools` gives an end: lists here, since templates only go through them. */
export const ITERTOOLS = new Thing('modules.itertools', {
  chain: ({ positional }) => positional.flatMap(items),
  product: ({ positional, named }) => {
    const times = wholeArgument('product()', named.get('repeat') ?? 1);
    const lists = Array.from({ length: times }, () => positional.map(items)).flat();
    return lists
      .reduce<Value[][]>((all, list) => bounded(all.flatMap((one) => list.map((item) => [...one, item]))), [[]])
      .map((one) => tuple(...one));
  },
  permutations: picking((used) => (at) => !used.includes(at)),
  combinations: picking((used) => (at) => used.length === 0 || at > (used.at(-1) ?? -1)),
  combinations_with_replacement: picking((used) => (at) => used.length === 0 || at >= (used.at(-1) ?? -1)),
  islice: ({ positional }) => {
    const [list, first, second, third] = positional;
    const whole = (value: Value | undefined): number | null =>
      value === undefined || value === null ? null : wholeArgument('islice()', value);
    const all = items(list ?? []);
    const [start, stop] = second === undefined ? [0, whole(first)] : [whole(first) ?? 0, whole(second)];
    const step = whole(third) ?? 1;
    return all.slice(start, stop ?? all.length).filter((_, at) => at % step === 0);
  },
  compress: ({ positional }) => {
    const chosen = items(positional[1] ?? []);
    return items(positional[0] ?? []).filter((_, at) => truthy(chosen[at] ?? false));
  },
  zip_longest: ({ positional, named }) => {
    const lists = positional.map(items);
    const length = Math.max(0, ...lists.map((list) => list.length));
    const fill = named.get('fillvalue') ?? null;
    return Array.from({ length }, (_, at) => tuple(...lists.map((list) => list[at] ?? fill)));
  },
  repeat: (args) => {
    const { object, times } = bind('repeat', args, ['object', 'times']);
    if (times === undefined) throw new TemplateError('repeat() without times has no end');
    const length = Math.max(0, wholeArgument('repeat()', times));
    const all = bounded(Array.from({ length: Math.min(MOST + 1, length) }, () => object ?? null));
    // some macros print it: the SQL is a call of repeat() then
    return new Thing('repeat', {}, { items: all, text: () => `repeat(${repr(object ?? null)}, ${length})` });
  },
  accumulate: (args) => {
    const { iterable } = bind('accumulate', args, ['iterable']);
    const sums: Value[] = [];
    for (const one of items(iterable ?? [])) {
      const last = sums.at(-1);
      sums.push(last === undefined ? one : applyOperator('+', last, one));
    }
    return sums;
  },
  pairwise: ({ positional }) => {
    const all = items(positional[0] ?? []);
    return all.slice(1).map((one, at) => tuple(all[at] ?? null, one));
  },
});

/** Tuples of so many items, by which positions may follow those that are used. */
function picking(rule: (used: readonly number[]) => (at: number) => boolean): Callable {
  return (args) => {
    const { iterable, r } = bind('itertools', args, ['iterable', 'r']);
    const list = items(iterable ?? []);
    const size = r === undefined || r === null ? list.length : wholeArgument('itertools', r);
    let found: number[][] = [[]];
    for (let i = 0; i < size; i++) {
      found = bounded(found.flatMap((used) => [...list.keys()].filter(rule(used)).map((at) => [...used, at])));
    }
    return found.map((used) => tuple(...used.map((at) => list[at] ?? null)));
  };
}

function bounded<T>(all: T[]): T[] {
  if (all.length > MOST) throw new TemplateError(`itertools gives more than ${MOST} items`);
  return all;
}
