import { describe, expect, it } from 'vitest';
import { SHIPPED, Workshop } from './workshop.ts';

describe('bad records', () => {
  it('become dead letters with bytes, place and reason, and the batch goes on', async () => {
    await using workshop = await Workshop.of(SHIPPED);
    const user = (id: number, tier: string) => ({
      topic: 'users',
      key: id,
      value: {
        user_id: id,
        user_tier: tier,
        signup_date: '2025-06-01T00:00:00Z',
        cohort_week: '2025-W22',
        region: 'europe',
        device_type: 'desktop',
      },
    });
    await workshop.publish([
      user(1, 'free'),
      user(2, 'platinum'),
      { topic: 'users', garbage: 'AAEC' },
      user(3, ' Pro '),
    ]);
    {
      await using writer = await workshop.log.write();
      const good = await workshop.catalog.json('users').encode(4, user(4, 'free').value);
      writer.add('users', Buffer.from('5'), good.value);
    }
    await using materializer = await workshop.open();
    const summary = await materializer.run({});
    expect(summary).toMatchObject({ records: 5, deadLetters: 3 });
    const { rows: users } = await materializer.query('select user_id, user_tier from dim_users order by 1');
    expect(users).toEqual([
      [1, 'free'],
      [3, 'pro'],
    ]);
    const { rows } = await materializer.query(
      'select topic, record_offset is not null, key, value is not null, reason_code, reason from lens.dead_letters order by reason_code, key',
    );
    for (const row of rows) expect(row.slice(0, 2)).toEqual(['users', true]);
    const platinum = rows.find((row) => String(row[5]).includes('platinum'));
    expect(platinum?.[2]).toBe(Buffer.from('2').toString('base64'));
    expect(String(platinum?.[5])).toContain('user_tier');
  });
});
