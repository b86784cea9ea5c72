import { LensError } from '../core/errors.ts';
import { longAt, textAt } from './column-values.ts';
import type { IngestContext } from './ingest-contract.ts';
import { KeyIndex } from './key-index.ts';
import { tokenCount } from './prompt-record.ts';
import { isUnsafe } from './safety-words.ts';
import { scanRows } from './topic-scan.ts';

const GONE = -1;
const UNSAFE = 1 << 30;

/** What the simulation needs of every prompt, 12 bytes each by slot; slots are in the order of the ids. */
export class PromptPool {
  readonly ids: Float64Array;
  /** Token count; plus 2^30 where a word is refused. */
  readonly #facts: Int32Array;

  constructor(ids: Float64Array, facts: Int32Array) {
    this.ids = ids;
    this.#facts = facts;
  }

  get size(): number {
    return this.ids.length;
  }

  tokens(slot: number): number {
    return (this.#facts[slot] as number) & ~UNSAFE;
  }

  isUnsafe(slot: number): boolean {
    return ((this.#facts[slot] as number) & UNSAFE) !== 0;
  }
}

/** Collects the latest version of each prompt; the texts themselves are not kept. */
export class PromptPoolBuilder {
  readonly #index = new KeyIndex();
  #facts = new Int32Array(1024);

  put(id: number, text: string): void {
    this.#set(id, Math.min(tokenCount(text), UNSAFE - 1) | (isUnsafe(text) ? UNSAFE : 0));
  }

  remove(id: number): void {
    this.#set(id, GONE);
  }

  build(): PromptPool {
    const facts = this.#facts;
    const ids = new Float64Array(this.#index.size);
    let size = 0;
    for (let slot = 0; slot < ids.length; slot++) if (facts[slot] !== GONE) ids[size++] = this.#index.key(slot);
    const sorted = ids.slice(0, size).sort();
    return new PromptPool(
      sorted,
      Int32Array.from(sorted, (id) => facts[this.#index.find(id)] as number),
    );
  }

  #set(id: number, facts: number): void {
    const slot = this.#index.add(id);
    if (slot >= this.#facts.length) {
      const grown = new Int32Array(this.#facts.length * 2);
      grown.set(this.#facts);
      this.#facts = grown;
    }
    this.#facts[slot] = facts;
  }
}

/** Reads the latest version of every prompt from the topic. INPUT_INVALID when there is none. */
export async function readPrompts(ctx: IngestContext): Promise<PromptPool> {
  const builder = new PromptPoolBuilder();
  await scanRows(ctx, 'prompts', {
    rows: (rows) => {
      const ids = rows.column('prompt_id');
      const texts = rows.column('prompt');
      for (let r = 0; r < rows.count; r++) builder.put(longAt(ids, r), textAt(texts, r) ?? '');
    },
    deleted: (keys) => {
      const ids = keys.column('prompt_id');
      for (let r = 0; r < keys.count; r++) builder.remove(longAt(ids, r));
    },
  });
  const pool = builder.build();
  if (pool.size === 0 && ctx.signal?.aborted !== true) {
    throw new LensError('INPUT_INVALID', 'the topic prompts holds no prompt', {
      place: 'prompts',
      hint: 'publish some first: lens ingest prompts --count 10000',
    });
  }
  return pool;
}
