import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { memoryBudget, type MemoryBudget } from '../../src/materializer/memory-budget.ts';
import { Warehouse } from '../../src/warehouse/warehouse.ts';

async function budgetOf(memoryLimit: string): Promise<MemoryBudget> {
  const dir = mkdtempSync(path.join(tmpdir(), 'lens-budget-'));
  try {
    await using warehouse = await Warehouse.open(path.join(dir, 'w.duckdb'), { memoryLimit });
    using connection = await warehouse.connect();
    return await memoryBudget(connection);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

it('leaves indexes an eighth of the memory limit, rows landed in bulk a quarter, and makes bulk batches small where there is little', async () => {
  const small = await budgetOf('400MB');
  expect(small.indexBytes / 1e6).toBeCloseTo(50, 0);
  expect(small.bulkBatchFactor).toBe(1);
  expect(small.unwrittenBytes / 1e6).toBeCloseTo(100, 0);
  const large = await budgetOf('2GB');
  expect(large.indexBytes / 1e6).toBeCloseTo(250, -2);
  expect(large.bulkBatchFactor).toBeGreaterThan(4);
  expect(large.unwrittenBytes).toBe(256e6);
});
