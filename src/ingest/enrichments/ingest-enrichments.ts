import { LensError } from '../../core/errors.ts';
import type { IngestContext, IngestSummary } from '../ingest-contract.ts';
import { TopicPublisher } from '../topic-publisher.ts';
import { readEnriched } from './enriched-prompts.ts';
import { hashedEmbedding } from './hashed-embedding.ts';
import { imageFolder } from './image-folder.ts';
import { keywordLabels } from './keyword-labels.ts';
import { LatestPrompts } from './latest-prompts.ts';
import type { EnrichablePrompt, EnrichmentKind, EnrichmentProvider } from './provider.ts';

/** Prompts handed to a provider at once. */
const AT_ONCE = 256;

/** The column that says when, by kind. */
const TIME_COLUMN = { llm: 'llm_enriched_at', embedding: 'embedding_enriched_at', image: 'image_linked_at' } as const;

export interface EnrichmentsOptions {
  /** `images`: the folder of the files. */
  readonly folder?: string | undefined;
  /** Enrich prompts again that have this kind already. */
  readonly force?: boolean | undefined;
  /** At most so many prompts. */
  readonly limit?: number | undefined;
  /** The time stored and the records' timestamp, milliseconds since 1970; default now. */
  readonly at?: number | undefined;
  /** Instead of the shipped one. */
  readonly provider?: EnrichmentProvider | undefined;
}

/**
 * Publishes one enrichment of the kind for each prompt of the topic that has none (with `force`: for every one), by the
 * latest version of its text. Interrupted, it goes on where it was when run again.
 */
export async function ingestEnrichments(
  ctx: IngestContext,
  kind: 'llm' | 'embeddings' | 'images',
  options: EnrichmentsOptions = {},
): Promise<IngestSummary> {
  const provider = options.provider ?? shippedProvider(kind, options);
  const at = options.at ?? Date.now();
  const isEnriched = options.force === true ? () => false : await readEnriched(ctx, provider.kind);
  const prompts = await LatestPrompts.find(ctx, (id) => !isEnriched(id), options.limit ?? Infinity);
  await using publisher = await TopicPublisher.open(ctx, {
    topic: 'prompt_enrichments',
    label: `enrichments ${kind}`,
    total: prompts.count,
  });
  let without = 0;
  await prompts.forEach(async (some) => {
    for (let from = 0; from < some.length && !publisher.stopped; from += AT_ONCE) {
      without += await publishAnswers(publisher, provider, some.slice(from, from + AT_ONCE), at);
      await publisher.breathe();
    }
    return !publisher.stopped;
  });
  const notes = [`provider ${provider.name}`];
  if (without > 0) notes.push(`${without} prompts for which the provider has nothing`);
  return publisher.finish(notes);
}

async function publishAnswers(
  publisher: TopicPublisher,
  provider: EnrichmentProvider,
  prompts: readonly EnrichablePrompt[],
  at: number,
): Promise<number> {
  const answers = await provider.enrich(prompts);
  let without = 0;
  for (const [i, prompt] of prompts.entries()) {
    const answer = answers[i] ?? null;
    if (answer === null) without++;
    else publisher.publish(enrichmentRecord(prompt.id, provider.kind, answer, at), at);
  }
  return without;
}

function enrichmentRecord(
  promptId: number,
  kind: EnrichmentKind,
  answer: Readonly<Record<string, unknown>>,
  at: number,
): Record<string, unknown> {
  return { prompt_id: promptId, kind, ...answer, [TIME_COLUMN[kind]]: at * 1000 };
}

function shippedProvider(kind: 'llm' | 'embeddings' | 'images', options: EnrichmentsOptions): EnrichmentProvider {
  switch (kind) {
    case 'llm':
      return keywordLabels;
    case 'embeddings':
      return hashedEmbedding;
    case 'images':
      if (options.folder === undefined) {
        throw new LensError('USAGE', 'enrichments of images need a folder', {
          hint: 'lens ingest enrichments images --folder PATH',
        });
      }
      return imageFolder(options.folder);
  }
}
