import { expect, test } from 'vitest';
import { append, bytes, recordsOf, startOf, take } from '../log-fixture.ts';
import type { Subject } from './subject.ts';

export function waitingTests(s: Subject): void {
  test('next gives null when nothing came, and what is appended later', async () => {
    const topic = await s.newTopic(2);
    await using reader = await s.log.read(startOf(topic, 2));
    const start = performance.now();
    expect(await reader.next(100)).toBeNull();
    expect(performance.now() - start).toBeGreaterThanOrEqual(95);
    await append(s.log, topic, [['k', 'later', { partition: 1 }]]);
    expect((await take(reader, 1)).map((r) => [r.partition, r.offset, r.value])).toEqual([[1, 0, 'later']]);
  });

  test('a waiting reader wakes up on an append through another handle', async () => {
    const topic = await s.newTopic(1);
    await using other = s.fixture.freshLog();
    await using writer = await other.write();
    writer.add(topic, null, bytes('first'));
    await writer.flush();
    await using reader = await s.log.read(startOf(topic, 1));
    await take(reader, 1);
    const waiting = reader.next(20_000).then((block) => ({ block, at: performance.now() }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    writer.add(topic, null, bytes('second'));
    await writer.flush();
    const appended = performance.now();
    const { block, at } = await waiting;
    expect(block === null ? [] : recordsOf(block).map((r) => r.value)).toEqual(['second']);
    expect(at - appended).toBeLessThan(1000);
  });

  test('aborting ends the wait and the reading', async () => {
    const topic = await s.newTopic(1);
    const controller = new AbortController();
    await using reader = await s.log.read(startOf(topic, 1), { signal: controller.signal });
    const waiting = reader.next(30_000);
    const start = performance.now();
    setTimeout(() => controller.abort(), 50);
    expect(await waiting).toBeNull();
    expect(performance.now() - start).toBeLessThan(2000);
    await append(s.log, topic, [['k', 'v']]);
    expect(await reader.next(100)).toBeNull();
  });

  test('a reader of no positions waits', async () => {
    await using reader = await s.log.read([]);
    expect(await reader.next(20)).toBeNull();
  });
}
