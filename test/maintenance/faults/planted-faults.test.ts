import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULTS, type PlantedFault } from './planted-faults.ts';
import { planted } from './planted.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ORACLE = path.join(ROOT, 'test/maintenance/generated/oracle.ts');
const PLANT = path.join(import.meta.dirname, 'plant-fault.ts');
const SEED = '1';

/** Exit codes of the oracle. */
const HOLDS = 0;
const DIFFERS = 1;

/** Runs the property that must find a fault, in a process of its own, until the first difference. */
function oracle(
  { by = 'shapes', shape }: Pick<PlantedFault, 'by' | 'shape'>,
  fault: string | null,
): Promise<{ code: number | null; output: string }> {
  const args = [
    ...(fault === null ? [] : ['--import', PLANT]),
    ORACLE,
    '--first',
    '--seed',
    SEED,
    '--property',
    by,
    '--runs',
    by === 'landing' ? '12' : '60',
    ...(shape === undefined ? [] : ['--shape', shape]),
  ];
  const child = spawn(process.execPath, args, { env: { ...process.env, LENS_FAULT: fault ?? '' } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
}

describe('the list of planted faults', () => {
  it('has at least 24, each with a name of its own', () => {
    expect(FAULTS.length).toBeGreaterThanOrEqual(24);
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  });

  it.each(FAULTS)('$name fits exactly one place of the source', (fault) => {
    const source = readFileSync(path.join(ROOT, 'src', fault.file), 'utf8');
    expect(planted(fault, source)).not.toBe(source);
  });
});

/** Two at a time, as there are cores. A fault is found when a table differs from its SQL: a crash or an SQL error is not. */
describe.concurrent('each planted fault is found', () => {
  it.each(FAULTS)('$name', { timeout: 120_000 }, async (fault) => {
    const { code, output } = await oracle(fault, fault.name);
    expect({ code, output }).toEqual({ code: DIFFERS, output: expect.stringContaining('differs') as string });
  });
});

/** The same histories hold where nothing is planted. */
describe.concurrent('without a fault', () => {
  const used = new Map(FAULTS.map((fault) => [`${fault.by ?? 'shapes'} ${fault.shape ?? ''}`, fault]));
  it.each([...used])('%s holds', { timeout: 120_000 }, async (_, fault) => {
    expect(await oracle(fault, null)).toMatchObject({ code: HOLDS });
  });
});
