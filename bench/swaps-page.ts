/** Times of one kind, sorted. */
export interface Distribution {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

type Split = { readonly outside: Distribution; readonly across: Distribution };

/** Readers while editions take over: those whose time meets a swap, and all others. */
export interface SwapMeasurement {
  /** How long following was held. */
  readonly held: Distribution;
  /** Of it the records that came last. */
  readonly lastRecords: Distribution;
  /** Queries through the control port, and in the process. */
  readonly port: Split;
  readonly inside: Split;
  /** From one batch's commit to the next one's. */
  readonly betweenCommits: Split;
}

export interface SwapResult {
  readonly label: string;
  readonly date: string;
  readonly machine: string;
  readonly facts: number;
  readonly swaps: SwapMeasurement;
}

/** The part of docs/benchmarks.md about them. */
export function swapTables(results: readonly SwapResult[]): string {
  const cells = ({ count, medianMs, p99Ms, maxMs }: Distribution): string =>
    `${[medianMs, p99Ms, maxMs].map((ms) => ms.toFixed(0)).join(' | ')} | ${count.toLocaleString('en')}`;
  const tables = results.toReversed().map(({ label, date, machine, facts, swaps }) => {
    const { held, lastRecords, port, inside, betweenCommits } = swaps;
    return `### ${label} (${date}; ${machine}): ${facts.toLocaleString('en')} generations

| what | median ms | p99 ms | longest ms | how many |
| --- | ---: | ---: | ---: | ---: |
| a query through the control port, no swap meanwhile | ${cells(port.outside)} |
| one that meets a swap | ${cells(port.across)} |
| a query in the process, no swap meanwhile | ${cells(inside.outside)} |
| one that meets a swap | ${cells(inside.across)} |
| following held for a swap | ${cells(held)} |
| of it the records that came last | ${cells(lastRecords)} |
| from a batch's commit to the next, no swap between | ${cells(betweenCommits.outside)} |
| with a swap between | ${cells(betweenCommits.across)} |
`;
  });
  return `
## Readers while editions take over

Four readers ask short queries one after another, without a pause, two through the control port and two in the process, while 400 generations a
second come in. Each round is a full refresh from the log, one of a model, and a rollback. Readers, refreshes and their tests share the cores, so that
all queries are slower than on an idle machine: compare those that meet a swap with the others.

${tables.join('\n')}`;
}
