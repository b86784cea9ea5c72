import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PropertyName } from '../generated/property.ts';
import { FAULTS, type PlantedFault } from './planted-faults.ts';
import { planted } from './planted.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const ORACLE = path.join(ROOT, 'test/maintenance/generated/oracle.ts');
const PLANT = path.join(import.meta.dirname, 'plant-fault.ts');
const SEED = '1';

/** Exit codes of the oracle. */
const HOLDS = 0;
const DIFFERS = 1;

/** Runs a property in a process of its own until the first difference, with a fault or without. */
function oracle(
  by: PropertyName,
  shapes: readonly string[],
  fault: string | null,
): Promise<{ code: number | null; output: string }> {
  const most = by === 'landing' ? 12 : 40;
  // Where nothing is planted, the first of them: the tests of these properties have many more.
  const runs = fault === null ? Math.ceil(most / 8) : most;
  const options = ['--first', '--seed', SEED, '--property', by, '--runs', String(runs)];
  const planting = fault === null ? [] : ['--import', PLANT];
  const args = [...planting, ORACLE, ...options, ...shapes.flatMap((shape) => ['--shape', shape])];
  const child = spawn(process.execPath, args, { env: { ...process.env, LENS_FAULT: fault ?? '' } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, output }));
  });
}

function propertyOf({ by = 'shapes' }: PlantedFault): PropertyName {
  return by;
}

function shapesOf(faults: readonly PlantedFault[]): string[] {
  return [...new Set(faults.flatMap(({ shape }) => shape ?? []))];
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
    const { code, output } = await oracle(propertyOf(fault), shapesOf([fault]), fault.name);
    expect({ code, output }).toEqual({ code: DIFFERS, output: expect.stringContaining('differs') as string });
  });
});

/** The first of the same histories hold where nothing is planted. */
describe.concurrent('without a fault', () => {
  it.each([...new Set(FAULTS.map(propertyOf))])('%s holds', { timeout: 600_000 }, async (by) => {
    const shapes = shapesOf(FAULTS.filter((fault) => propertyOf(fault) === by));
    expect(await oracle(by, shapes, null)).toMatchObject({ code: HOLDS });
  });
});
