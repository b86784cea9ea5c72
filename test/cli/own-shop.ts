import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { changedShop } from '../materializer/changed-shop.ts';
import { lens, LensProcess, type LensResult } from './lens-process.ts';
import { customer, lines, order } from './shop.ts';

/** A copy of the shop whose project may be changed, with a data folder of its own. Disposing ends what it started. */
export class OwnShop implements AsyncDisposable {
  readonly dir = changedShop({});
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'lens-own-shop-'));
  readonly #services: LensProcess[] = [];

  get flags(): string[] {
    return ['--project-dir', this.dir, '--data-dir', this.dataDir];
  }

  lens(args: readonly string[], input = ''): Promise<LensResult> {
    return lens([...args, ...this.flags], { input });
  }

  /** The rows of a query. */
  async rows(sql: string): Promise<unknown[]> {
    const { code, stdout, stderr } = await this.lens(['query', sql, '--format', 'json']);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as unknown[];
  }

  /** Two customers and nine orders, in models that are built. */
  async filled(): Promise<this> {
    await this.lens(['produce', 'customers'], lines([customer('ann', 'de'), customer('bob', 'fr')]));
    const orders = Array.from({ length: 9 }, (_, i) => order(i + 1, i % 2 === 0 ? 'ann' : 'bob', `${i}.50`));
    await this.lens(['produce', 'orders'], lines(orders));
    expect((await this.lens(['run', '--quiet'])).code).toBe(0);
    return this;
  }

  /** Changes a file of the project. */
  write(name: string, text: string): void {
    writeFileSync(path.join(this.dir, name), text);
  }

  /** A service on it, once it answers. */
  async started(): Promise<LensProcess> {
    const service = new LensProcess(['start', ...this.flags]);
    this.#services.push(service);
    await service.until(/commands are answered on port/);
    return service;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services) {
      service.child.kill('SIGKILL');
      await service.result;
    }
  }
}
