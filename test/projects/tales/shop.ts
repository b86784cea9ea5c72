import type { Story } from '../story.ts';

/** A few customers and what they ordered. */
export function shop(story: Story): void {
  const { random } = story;
  story.times(1, 4, (i) => {
    const customer_id = `c${i + 1}`;
    const customer = {
      customer_id,
      name: ` Customer ${i} `,
      country: random.pick(['de', 'fr']),
      joined_on: story.day(i),
    };
    story.putVersions('customers', customer, () => ({ country: random.pick(['de', 'fr', 'nl']) }));
    story.times(0, 6, (n) => {
      story.putVersions(
        'orders',
        {
          order_id: (i + 1) * 10 + n,
          customer_id,
          ordered_at: story.at(random.below(120)),
          status: random.pick(['open', 'paid']),
          quantity: 1 + random.below(3),
          price: (random.below(9_999) / 100).toFixed(2),
          note: story.maybe('gift', 0.8),
        },
        () => ({ status: random.pick(['paid', 'returned']), quantity: 1 + random.below(3) }),
      );
    });
  });
}
