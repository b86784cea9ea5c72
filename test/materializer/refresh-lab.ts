import { cpSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Happening } from './random-history.ts';
import { SHOP } from './workshop.ts';

/** An order of the shop. */
export function order(id: number, customer = 'k1', price = '2.00'): Happening {
  const value = {
    order_id: id,
    customer_id: customer,
    ordered_at: '2026-03-01T00:00:00Z',
    status: 'paid',
    quantity: 1,
    price,
    note: null,
  };
  return { topic: 'orders', key: id, value };
}

/** A customer of the shop. */
export function customer(id: string, country = 'DE'): Happening {
  return { topic: 'customers', key: id, value: { customer_id: id, name: id, country, joined_on: '2026-01-01' } };
}

/** Files of editions in a data folder, without what DuckDB keeps beside them. */
export function editionFiles(dataDir: string): string[] {
  return readdirSync(dataDir)
    .filter((name) => name.endsWith('.duckdb'))
    .sort();
}

/** A folder with the shop, and files of ours over it, by their path. */
export function shopWith(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-shop-'));
  cpSync(SHOP, dir, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), content);
  }
  return dir;
}
