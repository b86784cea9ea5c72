import { expect, test } from 'vitest';
import { append } from '../log-fixture.ts';
import type { Subject } from './subject.ts';

export function checkpointTests(s: Subject): void {
  test('a published checkpoint comes back, per group, the newest', async () => {
    const topic = await s.newTopic(2);
    await append(s.log, topic, [
      ['k', 'v', { partition: 0 }],
      ['k', 'v', { partition: 1 }],
    ]);
    const group = `group-${topic}`;
    const at = (zero: number, one: number) => [
      { topic, partition: 0, offset: zero },
      { topic, partition: 1, offset: one },
    ];
    expect(await s.log.publishedCheckpoint(group)).toEqual([]);
    await s.log.publishCheckpoint(group, at(0, 1));
    await s.log.publishCheckpoint(`${group}-other`, at(0, 0));
    await s.log.publishCheckpoint(group, at(1, 1));
    await using other = s.fixture.freshLog();
    const found = (await other.publishedCheckpoint(group)).toSorted((a, b) => a.partition - b.partition);
    expect(found).toEqual(at(1, 1));
  });
}
