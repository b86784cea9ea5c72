import { longAt, textAt } from '../column-values.ts';
import type { IngestContext } from '../ingest-contract.ts';
import { KeyIndex } from '../key-index.ts';
import { scanGoodRecords, scanTopic, TopicRows } from '../topic-scan.ts';
import type { EnrichablePrompt } from './provider.ts';

const GONE = -1;

/**
 * The latest version of each wanted prompt, without holding the texts: a first pass over the topic notes where
 * each latest good version is (20-30 bytes a prompt), a second one hands over the prompts found there.
 */
export class LatestPrompts {
  readonly #ctx: IngestContext;
  readonly #index: KeyIndex;
  readonly #offsets: Float64Array;
  /** How many there are. */
  readonly count: number;

  private constructor(ctx: IngestContext, index: KeyIndex, offsets: Float64Array, count: number) {
    this.#ctx = ctx;
    this.#index = index;
    this.#offsets = offsets;
    this.count = count;
  }

  /** @param limit at most so many, those first seen in the topic */
  static async find(ctx: IngestContext, isWanted: (id: number) => boolean, limit: number): Promise<LatestPrompts> {
    const index = new KeyIndex();
    let offsets = new Float64Array(1024);
    await scanGoodRecords(ctx, 'prompts', (block, i) => {
      const id = keyNumber(block.bytes, block.keyStart[i] as number, block.keyLength[i] as number);
      if (id === null || !isWanted(id)) return;
      const slot = index.add(id);
      if (slot >= offsets.length) {
        const grown = new Float64Array(offsets.length * 2);
        grown.set(offsets);
        offsets = grown;
      }
      offsets[slot] = block.valueLength[i] === -1 ? GONE : block.offset(i);
    });
    let count = 0;
    for (let slot = 0; slot < index.size; slot++) {
      if (offsets[slot] === GONE) continue;
      if (count === limit) offsets[slot] = GONE;
      else count++;
    }
    return new LatestPrompts(ctx, index, offsets, count);
  }

  /** Hands over the prompts, a block of the topic at a time; `visit` returns false to end early. */
  async forEach(visit: (prompts: readonly EnrichablePrompt[]) => Promise<boolean>): Promise<void> {
    const { columns } = this.#ctx.catalog.contract('prompts');
    const names = columns.map((column) => column.name);
    const batch = this.#ctx.catalog.batch('prompts');
    await scanTopic(this.#ctx, 'prompts', async (block) => {
      await this.#ctx.catalog.prepare('prompts', block);
      batch.reset();
      for (let i = 0; i < block.count; i++) {
        const id = keyNumber(block.bytes, block.keyStart[i] as number, block.keyLength[i] as number);
        const slot = id === null ? -1 : this.#index.find(id);
        if (slot >= 0 && this.#offsets[slot] === block.offset(i)) batch.addRange(block, i, i + 1);
      }
      const prompts: EnrichablePrompt[] = [];
      for (const chunk of batch.seal().rows) {
        collect(new TopicRows('prompts', names, chunk.columns, chunk.rowCount), prompts);
      }
      return prompts.length === 0 ? undefined : await visit(prompts);
    });
  }
}

function collect(rows: TopicRows, prompts: EnrichablePrompt[]): void {
  const ids = rows.column('prompt_id');
  const texts = rows.column('prompt');
  const imageNames = rows.column('image_name');
  for (let r = 0; r < rows.count; r++) {
    prompts.push({ id: longAt(ids, r), text: textAt(texts, r) ?? '', imageName: textAt(imageNames, r) });
  }
}

const MINUS = 45;

/** The number a key's text is; null when it is none, or one that is not exact. */
function keyNumber(bytes: Uint8Array, start: number, length: number): number | null {
  const isNegative = length > 0 && bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  if (first >= start + length) return null;
  let value = 0;
  for (let at = first; at < start + length; at++) {
    const digit = (bytes[at] as number) - 48;
    if (digit < 0 || digit > 9) return null;
    value = value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) return null;
  return isNegative ? -value : value;
}
