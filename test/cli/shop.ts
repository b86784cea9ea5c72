import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { lens, type LensCall, type LensResult } from './lens-process.ts';

/** The project folder of another domain: customers and orders. */
export const SHOP = fileURLToPath(new URL('../fixtures/shop', import.meta.url));

/** A shop with a data folder of its own. */
export class Shop {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'lens-shop-'));

  get flags(): string[] {
    return ['--project-dir', SHOP, '--data-dir', this.dataDir];
  }

  lens(args: readonly string[], call: LensCall = {}): Promise<LensResult> {
    return lens([...args, ...this.flags], call);
  }

  /** Standard output of a call that must succeed. */
  async output(args: readonly string[], input = ''): Promise<string> {
    const result = await this.lens(args, { input });
    if (result.code !== 0) throw new Error(`lens ${args.join(' ')} ended with ${result.code}:\n${result.stderr}`);
    return result.stdout;
  }

  async rows(sql: string): Promise<unknown[]> {
    return JSON.parse(await this.output(['query', sql, '--format', 'json'])) as unknown[];
  }
}

export function customer(id: string, country: string): object {
  return { customer_id: id, name: ` ${id} `, country, joined_on: '2026-01-02' };
}

export function order(id: number, customerId: string, price: string, status = 'paid'): object {
  const ordered_at = `2026-02-0${(id % 9) + 1}T10:00:00Z`;
  return { order_id: id, customer_id: customerId, ordered_at, status, quantity: 2, price, note: null };
}

/** JSON lines of records with these values. */
export function lines(values: readonly (object | string)[]): string {
  return values.map((value) => `${typeof value === 'string' ? value : JSON.stringify({ value })}\n`).join('');
}
