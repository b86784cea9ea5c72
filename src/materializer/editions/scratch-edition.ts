import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Edition, type EditionOptions } from '../edition.ts';
import { removeEdition } from './edition-swap.ts';

const NAME = /^warehouse\.verify-\d+\.duckdb(\..+)?$/;

/** Those of this process. Only the holder of a data folder's warehouse makes any, so others there are left over. */
const inUse = new Set<string>();

/** A warehouse of its own for a replay, in the data folder; its files go when it is disposed. */
export class ScratchEdition implements AsyncDisposable {
  readonly #file: string;
  readonly #options: EditionOptions;
  #edition: Edition;

  private constructor(file: string, options: EditionOptions, edition: Edition) {
    this.#file = file;
    this.#options = options;
    this.#edition = edition;
  }

  static async open(dataDir: string, options: EditionOptions): Promise<ScratchEdition> {
    removeLeftOver(dataDir);
    let n = 1;
    while (inUse.has(fileOf(dataDir, n))) n++;
    const file = fileOf(dataDir, n);
    inUse.add(file);
    // What a model fails on is to be told of that model, beside what the others are.
    const leaving: EditionOptions = { ...options, onModelFailure: 'leave' };
    try {
      return new ScratchEdition(file, leaving, await Edition.open(file, leaving));
    } catch (error) {
      remove(file);
      throw error;
    }
  }

  get edition(): Edition {
    return this.#edition;
  }

  /** Closes the file and opens it again, as a restart does. */
  async reopen(): Promise<void> {
    await this.#edition[Symbol.asyncDispose]();
    this.#edition = await Edition.open(this.#file, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#edition[Symbol.asyncDispose]();
    } finally {
      remove(this.#file);
    }
  }
}

/** Removes the files of replays that a crash ended. Only for who holds the warehouse. */
export function removeLeftOver(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    const file = path.resolve(dataDir, name);
    const used = [...inUse].some((one) => file === one || file.startsWith(`${one}.`));
    if (NAME.test(name) && !used) rmSync(file, { force: true, recursive: true });
  }
}

function fileOf(dataDir: string, n: number): string {
  return path.resolve(dataDir, `warehouse.verify-${n}.duckdb`);
}

function remove(file: string): void {
  inUse.delete(file);
  removeEdition(file);
}
