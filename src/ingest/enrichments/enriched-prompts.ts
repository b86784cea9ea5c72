import type { IngestContext } from '../ingest-contract.ts';
import { KeyIndex } from '../key-index.ts';
import { scanGoodRecords } from '../topic-scan.ts';
import type { EnrichmentKind } from './provider.ts';

/** The prompts that have an enrichment of a kind now: by the keys of the topic, of which the last good record counts. */
export async function readEnriched(ctx: IngestContext, kind: EnrichmentKind): Promise<(promptId: number) => boolean> {
  const index = new KeyIndex();
  const gone = new Set<number>();
  const ending = Buffer.from(`,${JSON.stringify(kind)}]`);
  await scanGoodRecords(ctx, 'prompt_enrichments', (block, i) => {
    const id = enrichedPrompt(block.bytes, block.keyStart[i] as number, block.keyLength[i] as number, ending);
    if (id === null) return;
    const slot = index.add(id);
    if (block.valueLength[i] === -1) gone.add(slot);
    else gone.delete(slot);
  });
  return (promptId) => {
    const slot = index.find(promptId);
    return slot >= 0 && !gone.has(slot);
  };
}

/** The prompt_id of a key `[123,"llm"]` that has the ending `,"llm"]`, else null. */
function enrichedPrompt(bytes: Uint8Array, start: number, length: number, ending: Uint8Array): number | null {
  if (length <= ending.length) return null;
  const key = bytes.subarray(start, start + length);
  if (Buffer.compare(key.subarray(length - ending.length), ending) !== 0) return null;
  const id = Number(Buffer.from(key.subarray(1, length - ending.length)).toString('latin1'));
  return Number.isSafeInteger(id) ? id : null;
}
