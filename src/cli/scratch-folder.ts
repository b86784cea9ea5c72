import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Settings } from '../core/settings.ts';

/** A data folder for one command, with a warehouse and a log of its own in which nothing is. */
export class ScratchFolder implements Disposable {
  readonly #dir = mkdtempSync(path.join(tmpdir(), 'lens-scratch-'));

  /** Settings with which a command works in it. */
  settings(own: Settings): Settings {
    return { ...own, dataDir: this.#dir, brokers: [] };
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
