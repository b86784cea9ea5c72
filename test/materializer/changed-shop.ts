import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SHOP } from './workshop.ts';

/** A copy of the shop's folder with other files in it. */
export function changedShop(files: Readonly<Record<string, string>>, from = SHOP): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-shop-'));
  cpSync(from, dir, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

/** A record of the topic `orders`. */
export function order(id: number, customer_id: string, note: string | null = null) {
  const value = {
    order_id: id,
    customer_id,
    ordered_at: '2026-03-01T00:00:00Z',
    status: 'paid',
    quantity: 1,
    price: '2.00',
    note,
  };
  return { topic: 'orders', key: id, value };
}

/** A record of the topic `customers`. */
export function customer(id: string, country = 'de') {
  return { topic: 'customers', key: id, value: { customer_id: id, name: id, country, joined_on: '2026-01-02' } };
}
