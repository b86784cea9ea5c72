import { LensError } from '../core/errors.ts';
import type { EventLog } from '../log/event-log.ts';
import type { TopicCatalog } from './catalog.ts';
import { applyTopics, checkTopics, remedyOf } from './manage-topics.ts';

/**
 * Creates the topics that are missing and gives their names. LOG_TOPIC_MISMATCH when one is there with other
 * settings or partitions than its contract: `lens topics apply` changes settings.
 */
export async function createMissingTopics(log: EventLog, catalog: TopicCatalog): Promise<string[]> {
  const differences = await checkTopics(log, catalog);
  const wrong = differences.find((difference) => difference.kind !== 'missing');
  if (wrong !== undefined) {
    throw new LensError('LOG_TOPIC_MISMATCH', wrong.problem, { place: wrong.topic, hint: remedyOf(wrong) });
  }
  if (differences.length > 0) await applyTopics(log, catalog);
  return [...new Set(differences.map((difference) => difference.topic))];
}
