import type { Random } from '../src/core/random.ts';
import type { EventLog } from '../src/log/event-log.ts';
import type { TopicCatalog } from '../src/topics/catalog.ts';

const HOUR = 3_600_000;
const EPOCH = Date.UTC(2026, 0, 1);
const FLUSH_EVERY = 20_000;

interface BillingRecord {
  readonly topic: string;
  /** As the contract's key has it; null where records have none. */
  readonly key: unknown;
  readonly value: Readonly<Record<string, unknown>>;
}

/** Records of the project of subscription billing in test/fixtures: five invoices a subscription, with three lines and a payment each. */
export class BillingWorkload {
  readonly #random: Random;
  readonly #customers: number;
  #invoices = 0;

  constructor(customers: number, random: Random) {
    this.#customers = customers;
    this.#random = random;
  }

  get invoices(): number {
    return this.#invoices;
  }

  *history(): Generator<BillingRecord> {
    for (const [at, plan_id] of PLANS.entries()) {
      const plan = { plan_id, name: plan_id.toUpperCase(), tier: `T${at}`, list_price_cents: 1900, is_public: true };
      yield { topic: 'plans', key: plan_id, value: plan };
    }
    for (const currency of ['EUR', 'GBP']) {
      for (const valid_from of [-800, -200, -60].map(day)) {
        const rate = { currency, valid_from, rate_to_usd: 1.08 };
        yield { topic: 'exchange_rates', key: { currency, valid_from }, value: rate };
      }
    }
    for (let customer = 1; customer <= this.#customers; customer++) yield* this.#customer(customer);
  }

  /** New invoices of customers that are there, with their lines and payments. */
  *news(invoices: number): Generator<BillingRecord> {
    for (let i = 0; i < invoices; i++) {
      const customer = 1 + this.#random.below(this.#customers);
      yield* this.#invoice(customer, `S${customer}-0`, 10);
    }
  }

  *#customer(customer_id: number): Generator<BillingRecord> {
    const random = this.#random;
    const at = time(-400);
    const customer = {
      customer_id,
      companyName: ` Company ${customer_id} `,
      email: `who${customer_id}@example.com`,
      country: random.pick(['us', 'DE', 'fr', 'gb']),
      sales_rep: `Rep ${random.below(50)}`,
      metadata: '{"industry": "retail", "employees": 12}',
      created_at: at,
      updated_at: at,
    };
    yield { topic: 'customers', key: customer_id, value: customer };
    for (let n = 0; n < (customer_id % 3 === 0 ? 2 : 1); n++) {
      const subscription_id = `S${customer_id}-${n}`;
      const start = -10 - random.below(360);
      const subscription = {
        subscription_id,
        customer_id,
        plan_id: random.pick(PLANS),
        status: random.pick(['active', 'active', 'active', 'past_due', 'canceled']),
        quantity: 1 + random.below(3),
        billing_interval: 'month',
        unit_amount_cents: 1900,
        started_at: time(start),
        trial_ends_at: null,
        canceled_at: null,
        cancel_reason: null,
        updated_at: time(start),
      };
      yield { topic: 'subscriptions', key: subscription_id, value: subscription };
      for (let month = 0; month < 5; month++) yield* this.#invoice(customer_id, subscription_id, start + 30 * month);
    }
  }

  *#invoice(customer_id: number, subscription_id: string, issued: number): Generator<BillingRecord> {
    const random = this.#random;
    const invoice_id = ++this.#invoices;
    const invoice = {
      invoice_id,
      subscription_id,
      customer_id,
      status: random.pick(['open', 'paid', 'paid', 'paid']),
      currency: random.pick(['USD', 'EUR', 'GBP']),
      issued_at: time(issued),
      due_on: day(issued + 14),
      memo: null,
      updated_at: time(issued),
    };
    yield { topic: 'invoices', key: invoice_id, value: invoice };
    for (const [at, kind] of ['subscription', 'usage', 'tax'].entries()) {
      const line_number = at + 1;
      const item = {
        invoice_id,
        line_number,
        kind,
        amount_cents: random.below(20_000),
        period_start: day(issued),
        period_end: day(issued + 29),
        description: null,
      };
      yield { topic: 'invoice_items', key: { invoice_id, line_number }, value: item };
    }
    const payment = {
      payment_id: `P${invoice_id}`,
      invoice_id,
      amount: (random.below(20_000) / 100).toFixed(2),
      method: 'card',
      is_successful: random.chance(0.9),
      failure_code: null,
      paid_at: time(issued + 1),
    };
    yield { topic: 'payments', key: payment.payment_id, value: payment };
  }
}

const PLANS = ['basic', 'team', 'scale'] as const;

/** Publishes records, and gives how many. */
export async function publishBilling(
  log: EventLog,
  catalog: TopicCatalog,
  records: Iterable<BillingRecord>,
): Promise<number> {
  await using writer = await log.write();
  let count = 0;
  for (const { topic, key, value } of records) {
    const encoded = await catalog.json(topic).encode(key, value);
    writer.add(topic, encoded.key, encoded.value, { timestamp: EPOCH });
    if (++count % FLUSH_EVERY === 0) await writer.flush();
  }
  await writer.flush();
  return count;
}

function time(days: number): string {
  return new Date(EPOCH + 24 * days * HOUR).toISOString();
}

function day(days: number): string {
  return time(days).slice(0, 10);
}
