/**
 * The boundary to whatever computes enrichments. The shipped providers work offline and are deterministic; providers that
 * ask a model or a service implement the same contract.
 *
 * `ingestEnrichments` calls `enrich` with up to a few hundred prompts at a time, in order, and publishes one record of the
 * provider's kind for each answer. A provider throws LensError for failures; nothing of that call is published then, and
 * a later run takes up the prompts that are missing.
 */
export interface EnrichmentProvider {
  readonly kind: EnrichmentKind;
  /** Stored with each answer (`llm_model`, `embedding_model`); says what it really is. */
  readonly name: string;
  /**
   * One answer per prompt, in their order: the kind's columns without its time, or null where there is nothing to say
   * (no such image). `llm`: llm_domain, llm_art_style, llm_complexity_score (1-5), llm_model. `embedding`:
   * text_embedding (384 finite numbers), embedding_model. `image`: image_path.
   */
  enrich(prompts: readonly EnrichablePrompt[]): Promise<readonly (Enrichment | null)[]>;
}

/** Kinds of the topic `prompt_enrichments`. */
export type EnrichmentKind = 'llm' | 'embedding' | 'image';

export interface EnrichablePrompt {
  readonly id: number;
  readonly text: string;
  readonly imageName: string | null;
}

export type Enrichment = Readonly<Record<string, string | number | Float32Array>>;
