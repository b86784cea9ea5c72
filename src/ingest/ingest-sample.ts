import { ingestEnrichments } from './enrichments/ingest-enrichments.ts';
import { DEFAULT_START_AT, type IngestContext, type IngestSummary } from './ingest-contract.ts';
import { LATER_SHARE } from './generation-source.ts';
import { sampleGenerations } from './ingest-generations.ts';
import { ingestPrompts } from './ingest-prompts.ts';
import { ingestUsers } from './ingest-users.ts';
import { PublishedRecords } from './resuming-writer.ts';
import { topicLength } from './topic-scan.ts';

export interface SampleOptions {
  readonly prompts: number;
  readonly users: number;
  readonly generations: number;
  readonly seed: number;
}

/**
 * Publishes the seeded sample: prompts, users, generations, then the enrichments llm and embedding of every prompt.
 *
 * Each topic is decided by what is in it. Empty: everything is published. Only records of this sample, byte for byte, but
 * not all (it was interrupted): the missing ones, so that the log ends up as if nothing had happened. Anything else
 * (more than the sample, or something of the user's own): left alone. Prompts that are not the sample's are not enriched.
 * Gives a summary for each topic that was written to.
 */
export async function ingestSample(ctx: IngestContext, options: SampleOptions): Promise<IngestSummary[]> {
  const { seed } = options;
  const summaries: IngestSummary[] = [];
  const isOurs = async (topic: string, most: number, publish: (p: PublishedRecords) => Promise<IngestSummary>) => {
    if ((await topicLength(ctx, topic)) > most) return false;
    const published = await PublishedRecords.read(ctx, topic);
    if (ctx.signal?.aborted === true) return false;
    summaries.push(await publish(published));
    return published.left === 0;
  };
  const ownPrompts = await isOurs('prompts', options.prompts, (published) =>
    ingestPrompts(ctx, { count: options.prompts, seed, published }),
  );
  await isOurs('users', options.users, (published) => ingestUsers(ctx, { count: options.users, seed, published }));
  // Live traffic of more than a few per cent shows at once that the sample is complete.
  const most = Math.ceil(options.generations * (1 + 2 * LATER_SHARE)) + 100;
  await isOurs('generations', most, (published) =>
    sampleGenerations(ctx, { count: options.generations, seed, published }),
  );
  if (ownPrompts && (await topicLength(ctx, 'prompt_enrichments')) < 2 * options.prompts) {
    summaries.push(await ingestEnrichments(ctx, 'llm', { at: DEFAULT_START_AT }));
    summaries.push(await ingestEnrichments(ctx, 'embeddings', { at: DEFAULT_START_AT }));
  }
  return summaries.filter((summary) => summary.records > 0 || summary.stopped);
}
