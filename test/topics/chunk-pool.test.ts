import { expect, test } from 'vitest';
import { CHUNK_ROWS } from '../../src/core/column-chunk.ts';
import { ChunkPool } from '../../src/topics/chunk-pool.ts';

function fill(pool: ChunkPool, chunks: number): void {
  for (let c = 0; c < chunks; c++) pool.open().rowCount = CHUNK_ROWS;
}

test('a pool lets go of what a large batch needed when small ones follow', () => {
  const pool = new ChunkPool([{ kind: 'bigint' }]);
  fill(pool, 10);
  pool.reset();
  expect(pool.held).toBe(10);
  fill(pool, 2);
  pool.reset();
  expect(pool.held).toBe(4);
  fill(pool, 3);
  expect(pool.rowCount()).toBe(3 * CHUNK_ROWS);
  pool.reset();
  pool.reset();
  expect(pool.held).toBe(0);
});
