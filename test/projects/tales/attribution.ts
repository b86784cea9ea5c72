import type { Story } from '../story.ts';

const PAGES = ['/', '/pricing', '/docs/start', '/blog'];
const QUERIES = [
  '',
  '?utm_source=google&utm_medium=cpc&utm_campaign=1',
  '?utm_medium=Email&utm_campaign=2',
  '?utm_medium=paid_social&utm_campaign=x',
];
const REFERRERS = ['https://google.com/search?q=1', 'http://news.example/', null, null];
const CONTEXTS = ['{"device": {"type": "mobile"}, "locale": "de"}', '{"device": {}}'];
const VISITORS = ['v1', 'v2', 'v3', 'v4', 'v5'];

/** A few visitors over three weeks, some of whom sign up and buy, and the campaigns that brought them. */
export function attribution(story: Story): void {
  const { random } = story;
  for (const campaign_id of [1, 2]) campaign(story, campaign_id);
  VISITORS.forEach((visitor, i) => {
    story.times(0, 3, (visit) => visits(story, visitor, `${visitor}-${visit}`));
    if (random.chance(0.7)) identify(story, visitor, 1 + random.below(3));
    if (random.chance(0.2)) identify(story, visitor, 1 + (i % 3));
  });
  for (const user_id of [1, 2, 3]) user(story, user_id);
}

function campaign(story: Story, campaign_id: number): void {
  const { random } = story;
  const starts_on = story.day(campaign_id);
  story.putVersions(
    'campaigns',
    {
      campaign_id,
      campaign_name: `Campaign ${campaign_id}`,
      channel: 'paid_search',
      starts_on,
      ends_on: story.maybe(story.day(campaign_id + 3)),
      budget: story.maybe('120.00'),
    },
    () => ({ ends_on: story.maybe(story.day(campaign_id + random.below(5))), campaign_name: 'Renamed' }),
  );
  story.times(0, 4, (day) => {
    const clicks = random.below(20);
    const spend = { campaign_id, spend_date: story.day(campaign_id + day), impressions: clicks * 7, clicks };
    story.putVersions('ad_spend', { ...spend, cost: random.below(9_999) / 100 }, () => ({
      cost: random.below(9_999) / 100,
      clicks: random.below(20),
    }));
  });
}

/** One visit of some pages; the pages of two visits may be less than half an hour apart. */
function visits(story: Story, anonymous_id: string, visit: string): void {
  const { random } = story;
  let hour = random.below(20) * 24 + random.below(3);
  const query = random.pick(QUERIES);
  const referrer = random.pick(REFERRERS);
  story.times(1, 4, (n) => {
    const pageUrl = `https://shop.example${random.pick(PAGES)}${n === 0 ? query : ''}`;
    const context = story.maybe(random.pick(CONTEXTS));
    const view = { view_id: `${visit}-${n}`, anonymous_id, viewed_at: story.at(hour), pageUrl, referrer, context };
    story.putVersions('page_views', view, () => ({
      viewed_at: story.at(hour + random.pick([0.2, 0.6])),
      referrer: null,
    }));
    hour += random.pick([0.1, 0.2, 0.4, 0.6]);
  });
  if (!random.chance(0.5)) return;
  for (const event_name of ['signup_started', 'signup_completed', 'activated']) {
    if (random.chance(0.3)) continue;
    const occurred_at = story.at(hour + random.float());
    story.put('events', { anonymous_id, event_name, occurred_at, properties: story.maybe('{"step": 2}') });
  }
}

function identify(story: Story, anonymous_id: string, user_id: number): void {
  const { random } = story;
  const identified_at = story.at(random.below(400));
  story.putVersions('identities', { anonymous_id, user_id, identified_at }, () => ({
    identified_at: story.at(random.below(400)),
  }));
}

function user(story: Story, user_id: number): void {
  const { random } = story;
  const signed_up_at = story.at(random.below(300));
  const account = { user_id, email: story.maybe(`U${user_id}@Example.com`), signed_up_at, plan: story.maybe('pro') };
  story.putVersions('users', { ...account, country: story.maybe('DE'), is_internal: story.maybe(false) }, () => ({
    is_internal: random.chance(0.4),
    plan: random.pick(['free', 'pro', null]),
  }));
  story.times(0, 2, (n) => {
    story.putVersions(
      'conversions',
      {
        conversion_id: user_id * 10 + n,
        user_id: story.maybe(user_id, 0.15),
        conversion_type: random.pick(['purchase', 'trial', null]),
        converted_at: story.at(100 + random.below(400)),
        revenue: story.maybe((random.below(50_000) / 100).toFixed(2)),
        tax: story.maybe('1.90'),
        shipping: story.maybe('4.50', 0.6),
        coupon: story.maybe('MAY', 0.7),
        currency: null,
        refunded_at: null,
      },
      () => ({ refunded_at: story.maybe(story.at(600), 0.5), coupon: null }),
    );
  });
}
