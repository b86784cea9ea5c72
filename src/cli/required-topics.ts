import { LensError } from '../core/errors.ts';
import type { TopicCatalog } from '../topics/catalog.ts';

/** TOPIC_UNKNOWN when a command made for the shipped project runs on one without its topics; before anything is created. */
export function requireTopics(catalog: TopicCatalog, names: readonly string[], command: string): void {
  const there = new Set(catalog.contracts.map(({ name }) => name));
  const missing = names.find((name) => !there.has(name));
  if (missing === undefined) return;
  throw new LensError('TOPIC_UNKNOWN', `this project has no topic ${missing}; ${command} is for the shipped project`, {
    hint: 'lens produce publishes to the topics of any project; --project-dir says where the project is',
  });
}
