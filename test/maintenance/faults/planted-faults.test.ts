import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ForkedHost } from '../../forked-host.ts';
import type { PropertyName } from '../generated/property.ts';
import type { FaultAnswer, FaultCall } from './fault-host.ts';
import { FAULTS, type PlantedFault } from './planted-faults.ts';
import { planted } from './planted.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const HOST = path.join(import.meta.dirname, 'fault-host.ts');
const hosts: ForkedHost<FaultCall, FaultAnswer>[] = [];

afterAll(async () => {
  for (const host of hosts) await host[Symbol.asyncDispose]();
});

/** Runs a property until the first difference, with a fault or without. */
function oracle(property: PropertyName, shapes: readonly string[], fault: string | null): Promise<FaultAnswer> {
  const most = property === 'landing' ? 12 : 40;
  // Where nothing is planted, the first of them: the tests of these properties have many more.
  const runs = fault === null ? Math.ceil(most / 8) : most;
  let host = hosts.find(({ busy }) => !busy);
  if (host === undefined) hosts.push((host = new ForkedHost(HOST)));
  return host.ask({ fault, property, shapes, runs, seed: 1 });
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
    const found = await oracle(propertyOf(fault), shapesOf([fault]), fault.name);
    expect(found).toEqual({ outcome: 'differs', output: expect.stringContaining('differs') as string });
  });
});

/** The first of the same histories hold where nothing is planted. */
describe.concurrent('without a fault', () => {
  it.each([...new Set(FAULTS.map(propertyOf))])('%s holds', { timeout: 600_000 }, async (by) => {
    const shapes = shapesOf(FAULTS.filter((fault) => propertyOf(fault) === by));
    expect(await oracle(by, shapes, null)).toEqual({ outcome: 'holds', output: '' });
  });
});
