import type { Story } from '../story.ts';

const COUNTRIES = ['us', 'DE', 'fr', ''];
const REPS = ['Ada', 'Grace', ''];
const METADATA = [
  '{"industry": "retail", "employees": 12}',
  '{"industry": "media", "employees": "800"}',
  '{"employees": "many"}',
  '{}',
];

/** A few customers with subscriptions of some months, their invoices by month, and what was paid of them. */
export function billing(story: Story): void {
  const { random } = story;
  const plans = ['basic', 'team', 'scale'];
  plans.forEach((plan_id, i) => {
    const list_price_cents = (i + 1) * 1900;
    const plan = { plan_id, name: plan_id.toUpperCase(), tier: `T${i}`, list_price_cents, is_public: i > 0 };
    story.putVersions('plans', plan, () => ({ list_price_cents: random.pick([1900, 2500, 3800]) }));
  });
  for (const [currency, rate] of [
    ['EUR', 1.08],
    ['GBP', 1.27],
  ] as const) {
    for (const valid_from of [-120, -60, -3].map((day) => story.day(day + random.below(3)))) {
      const rate_to_usd = rate + random.below(1000) / 10_007;
      story.putVersions('exchange_rates', { currency, valid_from, rate_to_usd }, () => ({
        rate_to_usd: rate_to_usd + 0.013,
      }));
    }
  }
  story.times(2, 4, (i) => customer(story, i + 1, plans));
}

function customer(story: Story, customer_id: number, plans: readonly string[]): void {
  const { random } = story;
  const created_at = story.at(-24 * (100 - 7 * customer_id));
  story.putVersions(
    'customers',
    {
      customer_id,
      companyName: ` Company ${customer_id} `,
      email: story.maybe(`Who${customer_id}@Example.com`),
      country: story.maybe(random.pick(COUNTRIES)),
      sales_rep: story.maybe(random.pick(REPS)),
      metadata: story.maybe(random.pick(METADATA)),
      created_at,
      updated_at: created_at,
    },
    () => ({ sales_rep: random.pick(REPS), country: random.pick(COUNTRIES), updated_at: story.at(random.below(500)) }),
  );
  story.times(0, 2, (n) => subscription(story, customer_id, `S${customer_id}${n}`, plans));
}

function subscription(story: Story, customer_id: number, subscription_id: string, plans: readonly string[]): void {
  const { random } = story;
  const startDay = -random.below(90);
  const changed = (): Record<string, unknown> => {
    const status = random.pick(['trialing', 'active', 'active', 'past_due', 'canceled']);
    const canceled_at = status === 'canceled' ? story.at(24 * (startDay + random.below(60))) : null;
    return { status, canceled_at, plan_id: random.pick(plans), updated_at: story.at(random.below(700)) };
  };
  const subscribed = {
    subscription_id,
    customer_id,
    plan_id: random.pick(plans),
    status: 'active',
    quantity: 1 + random.below(3),
    billing_interval: random.pick(['month', 'month', 'year']),
    unit_amount_cents: random.pick([1900, 3800, 9999]),
    started_at: story.at(24 * startDay),
    trial_ends_at: story.maybe(story.at(24 * (startDay + 14))),
    canceled_at: null,
    cancel_reason: story.maybe('too expensive', 0.7),
    updated_at: story.at(24 * startDay),
  };
  story.putVersions('subscriptions', { ...subscribed, ...(random.chance(0.3) ? changed() : {}) }, changed);
  story.times(0, 2, () => {
    const from_plan_id = story.maybe(random.pick(plans));
    const changed_at = story.at(24 * (startDay + random.below(40)));
    const change = { subscription_id, from_plan_id, to_plan_id: random.pick(plans), changed_at, changed_by: null };
    story.put('plan_changes', change);
  });
  story.times(0, 3, (n) => invoice(story, customer_id, subscription_id, n));
}

function invoice(story: Story, customer_id: number, subscription_id: string, n: number): void {
  const { random } = story;
  const invoice_id = Number(subscription_id.slice(1)) * 10 + n;
  const issuedDay = -90 + 30 * n + random.below(5);
  const issued_at = story.at(24 * issuedDay);
  story.putVersions(
    'invoices',
    {
      invoice_id,
      subscription_id,
      customer_id,
      status: 'open',
      currency: random.pick(['USD', 'usd', 'EUR', 'GBP', 'CHF']),
      issued_at,
      due_on: story.day(issuedDay + 14 + random.below(60)),
      memo: null,
      updated_at: issued_at,
    },
    () => ({ status: random.pick(['draft', 'open', 'paid', 'void']), updated_at: story.at(random.below(700)) }),
  );
  story.times(0, 3, (line) => {
    const kind = random.pick(['subscription', 'usage', 'discount', 'tax']);
    const amount_cents = (kind === 'discount' ? -1 : 1) * random.below(20_000);
    const period_start = story.maybe(story.day(issuedDay), 0.2);
    const period_end = story.maybe(story.day(issuedDay + random.below(45) - 3), 0.2);
    const item = { invoice_id, line_number: line + 1, kind, amount_cents, period_start, period_end, description: null };
    story.putVersions('invoice_items', item, () => ({ amount_cents: random.below(9_000) }));
  });
  story.times(0, 2, (attempt) => {
    const is_successful = random.chance(0.6);
    story.putVersions(
      'payments',
      {
        payment_id: `P${invoice_id}-${attempt}`,
        invoice_id,
        amount: (random.below(20_000) / 100).toFixed(2),
        method: story.maybe(random.pick(['card', 'sepa'])),
        is_successful,
        failure_code: is_successful ? null : random.pick(['card_declined', 'expired', null]),
        paid_at: story.at(24 * (issuedDay + random.below(30))),
      },
      () => ({ is_successful: true, failure_code: null }),
    );
  });
}
