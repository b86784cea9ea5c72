import { LensError } from '../core/errors.ts';
import type { EventLog } from '../log/event-log.ts';
import type { TopicCatalog } from './catalog.ts';
import { applyTopics, checkTopics, remedyOf } from './manage-topics.ts';

/**
 * The names of topics that are not there. LOG_TOPIC_MISMATCH when one is there with other settings or partitions than its contract:
 * `lens topics apply` changes settings.
 */
export async function missingTopics(log: EventLog, catalog: TopicCatalog): Promise<string[]> {
  const differences = await checkTopics(log, catalog);
  const wrong = differences.find((difference) => difference.kind !== 'missing');
  if (wrong !== undefined) {
    throw new LensError('LOG_TOPIC_MISMATCH', wrong.problem, { place: wrong.topic, hint: remedyOf(wrong) });
  }
  return [...new Set(differences.map((difference) => difference.topic))];
}

/** Creates the topics that are missing and gives their names. LOG_TOPIC_MISMATCH as {@link missingTopics}. */
export async function createMissingTopics(log: EventLog, catalog: TopicCatalog): Promise<string[]> {
  const missing = await missingTopics(log, catalog);
  if (missing.length > 0) await applyTopics(log, catalog);
  return missing;
}
