/** A project of dbt that is not the shipped one, kept by batches. */
export interface BillingCost {
  readonly label: string;
  readonly date: string;
  readonly machine: string;
  readonly customers: number;
  readonly invoices: number;
  readonly records: number;
  /** Draining the log, all models right at the end. */
  readonly drainSeconds: number;
  readonly batches: readonly { readonly invoices: number; readonly medianMs: number; readonly maxMs: number }[];
  /** The models that took longest for a batch, the mean over all batches. */
  readonly models: readonly { readonly name: string; readonly milliseconds: number }[];
  readonly compactionMs: number;
  /** Two sums over all invoices, by a query of a user. */
  readonly sumMs: number;
  readonly fileMb: number;
}

/** The part of docs/benchmarks.md about it. */
export function billingTable(costs: readonly BillingCost[]): string {
  const sizes = [...new Set(costs.flatMap(({ batches }) => batches.map(({ invoices }) => invoices)))].toSorted(
    (a, b) => a - b,
  );
  const lines = costs.map((cost) => {
    const batches = sizes.map((size) => {
      const one = cost.batches.find(({ invoices }) => invoices === size);
      return one === undefined ? '' : `${one.medianMs.toFixed(0)} (${one.maxMs.toFixed(0)})`;
    });
    const models = cost.models.map(({ name, milliseconds }) => `${name} ${milliseconds.toFixed(0)}`).join(', ');
    return `| ${cost.label} (${cost.date}) | ${cost.invoices.toLocaleString('en')} | ${cost.drainSeconds.toFixed(1)} | ${batches.join(' | ')} | ${models} | ${cost.compactionMs.toFixed(0)} | ${cost.sumMs.toFixed(1)} | ${cost.fileMb.toFixed(0)} |`;
  });
  return `
## Another project of dbt

Subscription billing as dbt users write it (\`test/fixtures/billing\`, 16 tables over 8 topics: pivots, windows, sums of decimals, text keys), many records
in it. A batch brings so many new invoices of random customers, each with three lines and a payment; median (longest) in ms, and the three models that take
longest of a batch. *Two sums* is \`select sum(paid_amount), sum(total_amount) from fct_invoices\`.

| what | invoices there | drained in s | ${sizes.map((size) => `${size} invoice${size === 1 ? '' : 's'}`).join(' | ')} | longest models ms | compaction ms | two sums ms | file MB |
| --- | ---: | ---: | ${sizes.map(() => '---:').join(' | ')} | --- | ---: | ---: | ---: |
${lines.join('\n')}
`;
}
