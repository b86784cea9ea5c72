import type { TopicContract } from '../../src/topics/topic-contract.ts';
import type { Happening } from './random-history.ts';
import { rowText } from './workshop.ts';

/** The rows a topic's table must hold, by the rules of the design alone and on JSON values, with nothing of our own code. */
export function expectedRows(contract: TopicContract, history: readonly Happening[]): string[] {
  const rows = new Map<string, Record<string, unknown>>();
  let appended = 0;
  for (const happening of history) {
    if (happening.topic !== contract.name || 'garbage' in happening) continue;
    const { key, value } = happening;
    const parts = Array.isArray(key) ? key : [key];
    if (contract.mode === 'append') {
      if (value !== null) rows.set(String(appended++), value);
      continue;
    }
    const at = JSON.stringify(parts.slice(0, contract.tableKey.length));
    if (contract.mode === 'upsert') {
      if (value === null) rows.delete(at);
      else rows.set(at, value);
      continue;
    }
    const kind = contract.kinds.findIndex(({ name }) => name === parts.at(-1));
    const row = rows.get(at) ?? {
      ...Object.fromEntries(contract.tableKey.map((name, i) => [name, parts[i]])),
      _kinds: 0,
    };
    for (const name of contract.kinds[kind]?.columns ?? []) row[name] = value?.[name] ?? null;
    const bits = row['_kinds'] as number;
    row['_kinds'] = value === null ? bits & ~(1 << kind) : bits | (1 << kind);
    if (row['_kinds'] === 0) rows.delete(at);
    else rows.set(at, row);
  }
  return [...rows.values()].map((row) => rowText(contract.columns.map(({ name }) => row[name] ?? null))).sort();
}
