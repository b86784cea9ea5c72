import { expect, test } from 'vitest';
import { append, readFrom, startOf } from '../log-fixture.ts';
import { KEEP, RUN, zero } from './subject.ts';
import type { Subject } from './subject.ts';

export function topicTests(s: Subject): void {
  test('a created topic is listed with its partitions and settings', async () => {
    const topic = await s.newTopic(3, { 'cleanup.policy': 'compact', 'retention.ms': '86400000' });
    const found = (await s.log.topics()).get(topic);
    expect(found?.partitions).toBe(3);
    expect(found?.settings.get('cleanup.policy')).toBe('compact');
    expect(found?.settings.get('retention.ms')).toBe('86400000');
    expect(await s.log.offsets([topic])).toEqual(startOf(topic, 3).map(({ partition }) => zero(topic, partition)));
  });

  test('of named topics those that are there are described, and no others', async () => {
    const [one] = [await s.newTopic(1), await s.newTopic(1)];
    const found = await s.log.topics([one, `conformance-${RUN}-none`]);
    expect([...found.keys()]).toEqual([one]);
    expect(found.get(one)?.id).toBe((await s.log.topics()).get(one)?.id);
    expect(await s.log.topics([])).toEqual(new Map());
  });

  test('creating a topic that is there already is a mismatch', async () => {
    const topic = await s.newTopic(1);
    const again = s.log.createTopic({ name: topic, partitions: 1, settings: {} });
    await expect(again).rejects.toMatchObject({ code: 'LOG_TOPIC_MISMATCH' });
  });

  test('altering changes the given settings, keeps the others, adds partitions and never removes one', async () => {
    const topic = await s.newTopic(1, { 'cleanup.policy': 'compact', 'retention.ms': '86400000' });
    await append(s.log, topic, [['k', 'before']]);
    await s.log.alterTopic({ name: topic, partitions: 3, settings: { 'retention.ms': '-1' } });
    const found = (await s.log.topics()).get(topic);
    expect(found?.partitions).toBe(3);
    expect(found?.settings.get('cleanup.policy')).toBe('compact');
    expect(found?.settings.get('retention.ms')).toBe('-1');
    await append(s.log, topic, [['k', 'after', { partition: 2 }]]);
    const read = await readFrom(s.log, startOf(topic, 3), 2);
    expect(read.map((r) => [r.partition, r.value])).toEqual(
      expect.arrayContaining([
        [0, 'before'],
        [2, 'after'],
      ]),
    );
    const fewer = s.log.alterTopic({ name: topic, partitions: 2, settings: {} });
    await expect(fewer).rejects.toMatchObject({ code: 'LOG_TOPIC_MISMATCH' });
  });

  test('a topic that is not there is LOG_TOPIC_MISSING everywhere', async () => {
    const missing = { code: 'LOG_TOPIC_MISSING' };
    const topic = `conformance-${RUN}-none`;
    await expect(s.log.offsets([topic])).rejects.toMatchObject(missing);
    await expect(s.log.alterTopic({ name: topic, partitions: 1, settings: {} })).rejects.toMatchObject(missing);
    await expect(s.log.deleteTopic(topic)).rejects.toMatchObject(missing);
    await expect(readFrom(s.log, startOf(topic, 1), 1)).rejects.toMatchObject(missing);
  });

  test('a topic made again has another id and no records', async () => {
    const topic = await s.newTopic(1);
    await append(s.log, topic, [['k', 'old']]);
    const before = (await s.log.topics()).get(topic);
    await s.log.deleteTopic(topic);
    expect((await s.log.topics()).has(topic)).toBe(false);
    await s.log.createTopic({ name: topic, partitions: 1, settings: KEEP });
    expect((await s.log.topics()).get(topic)?.id).not.toBe(before?.id);
    expect(await s.log.offsets([topic])).toEqual([zero(topic, 0)]);
    await append(s.log, topic, [['k', 'new']]);
    expect((await readFrom(s.log, startOf(topic, 1), 1)).map((r) => r.value)).toEqual(['new']);
  });
}
