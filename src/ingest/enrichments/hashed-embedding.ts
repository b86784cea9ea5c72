import type { EnrichmentProvider } from './provider.ts';

export const DIMENSIONS = 384;
const WORD = /[\p{L}\p{N}]+/gu;

/**
 * Vectors by feature hashing (Weinberger et al. 2009): each word and each pair of neighbouring words adds or takes 1 at a
 * hashed dimension, then the vector gets length 1. Texts that share words are near; meaning it knows nothing of.
 */
export const hashedEmbedding: EnrichmentProvider = {
  kind: 'embedding',
  name: 'hashed-embedding-384',
  enrich: async (prompts) =>
    prompts.map(({ text }) => ({ text_embedding: embed(text), embedding_model: 'hashed-embedding-384' })),
};

/** 384 finite numbers of length 1; a text without words (or whose features cancel out) gives 1 at dimension 0. */
export function embed(text: string): Float32Array {
  const sums = new Float64Array(DIMENSIONS);
  const words = text.toLowerCase().match(WORD) ?? [];
  for (const [i, word] of words.entries()) {
    addFeature(sums, word);
    if (i > 0) addFeature(sums, `${words[i - 1]} ${word}`);
  }
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  const vector = new Float32Array(DIMENSIONS);
  if (squares === 0) {
    vector[0] = 1;
    return vector;
  }
  const length = Math.sqrt(squares);
  for (let d = 0; d < DIMENSIONS; d++) vector[d] = (sums[d] as number) / length;
  return vector;
}

function addFeature(sums: Float64Array, feature: string): void {
  const hash = fnv1a(feature);
  const dimension = (hash >>> 1) % DIMENSIONS;
  sums[dimension] = (sums[dimension] as number) + ((hash & 1) === 0 ? 1 : -1);
}

/** FNV-1a over UTF-16 code units, with murmur3's finisher, since FNV's lowest bits mix little. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
