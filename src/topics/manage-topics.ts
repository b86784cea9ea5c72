import type { EventLog } from '../log/event-log.ts';
import type { TopicCatalog } from './catalog.ts';

/** Where a log's topic is not what its contract says. */
export interface TopicDifference {
  readonly topic: string;
  readonly kind: 'missing' | 'settings' | 'partitions';
  /** One sentence; of applyTopics, what was done. */
  readonly problem: string;
}

/** What to do about a difference. */
export function remedyOf({ topic, kind }: TopicDifference): string {
  if (kind !== 'partitions') return 'lens topics apply makes the topic as its contract says';
  return (
    `set partitions in topics/${topic}/topic.yml to what the topic has, or make a new topic and publish its records ` +
    'again: partitions cannot be lowered, and more of them would part the versions of a key'
  );
}

/** Compares the log's topics with the contracts; changes nothing. */
export async function checkTopics(log: Pick<EventLog, 'topics'>, catalog: TopicCatalog): Promise<TopicDifference[]> {
  const there = await log.topics(catalog.contracts.map((contract) => contract.name));
  const differences: TopicDifference[] = [];
  for (const { name, partitions, settings } of catalog.contracts) {
    const topic = there.get(name);
    if (topic === undefined) {
      differences.push({ topic: name, kind: 'missing', problem: `the topic ${name} is not there` });
      continue;
    }
    if (topic.partitions !== partitions) {
      const problem = `${name} has ${topic.partitions} partitions, its contract says ${partitions}`;
      differences.push({ topic: name, kind: 'partitions', problem });
    }
    for (const [setting, wanted] of Object.entries(settings)) {
      const actual = topic.settings.get(setting);
      if (actual === wanted) continue;
      const problem = `${name} has ${setting}=${actual ?? '(not set)'}, its contract says ${wanted}`;
      differences.push({ topic: name, kind: 'settings', problem });
    }
  }
  return differences;
}

/**
 * Creates what is missing and changes settings that differ. Partitions are left alone and reported: adding some would
 * send later versions of a key to another partition than the earlier ones, and none can be taken away.
 *
 * @returns what was done, and of kind `partitions` what still differs
 */
export async function applyTopics(log: EventLog, catalog: TopicCatalog): Promise<TopicDifference[]> {
  const done: TopicDifference[] = [];
  const altered = new Set<string>();
  const there = await log.topics(catalog.contracts.map((contract) => contract.name));
  for (const difference of await checkTopics(log, catalog)) {
    const { name, partitions, settings } = catalog.contract(difference.topic);
    if (difference.kind === 'missing') {
      await log.createTopic({ name, partitions, settings });
      const problem = `created ${name} with ${partitions} partition${partitions === 1 ? '' : 's'}`;
      done.push({ ...difference, problem });
    } else if (difference.kind === 'partitions') {
      done.push({ ...difference, problem: `${difference.problem}: left as it is` });
    } else {
      if (!altered.has(name))
        await log.alterTopic({ name, partitions: there.get(name)?.partitions ?? partitions, settings });
      altered.add(name);
      done.push({ ...difference, problem: `changed: ${difference.problem}` });
    }
  }
  return done;
}
