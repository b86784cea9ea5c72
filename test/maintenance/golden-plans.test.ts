import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { LensError } from '../../src/core/errors.ts';
import { OracleBench } from './generated/oracle-bench.ts';
import { decisionText } from './golden/decision-text.ts';
import { readShapes } from './golden/read-shapes.ts';

/**
 * How each shape of SQL is kept, as text in golden/plans.txt: a change of the analysis, or of what DuckDB's plans look like,
 * shows as a diff there. LENS_GOLDEN=write writes the file anew.
 */
const FILE = path.join(import.meta.dirname, 'golden/plans.txt');
const WRITE = process.env['LENS_GOLDEN'] === 'write';

async function duckdbVersion(): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const [row] = (await connection.runAndReadAll('select version()')).getRows();
  connection.closeSync();
  instance.closeSync();
  return String(row?.[0]);
}

/** The file's version, and its entries by the name of their shape. */
function readGolden(): { version: string; entries: Map<string, string> } {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : '';
  const [head = '', ...blocks] = text.split(/^## /m);
  const entries = blocks.map((block): [string, string] => {
    const at = block.indexOf('\n');
    return [block.slice(0, at), block.slice(at + 1).trim()];
  });
  return { version: /DuckDB (v\S+)$/m.exec(head)?.[1] ?? 'none', entries: new Map(entries) };
}

/** All shapes as one project, since reading one takes longer than planning a model. */
async function decisions(): Promise<Map<string, string>> {
  await using bench = await OracleBench.open();
  const shapes = readShapes();
  const models = shapes.flatMap((shape, at) =>
    shape.models.map((model, i) => ({
      ...model,
      name: `s${at}_m${i}`,
      sql: model.sql.replaceAll(/\bref\('m/g, `ref('s${at}_m`),
    })),
  );
  const plans = await bench.plans(models);
  const textOf = (at: number): string =>
    plans
      .filter((plan) => plan.model.startsWith(`s${at}_`))
      .map((plan) => decisionText(plan).replaceAll(`s${at}_`, ''))
      .join('\n');
  return new Map(shapes.map(({ name }, at) => [name, textOf(at)]));
}

describe('golden plans', async () => {
  const version = await duckdbVersion();
  const now = await decisions();
  if (WRITE) {
    const entries = [...now].map(([name, text]) => `## ${name}\n${text}\n`);
    writeFileSync(FILE, `DuckDB ${version}\n\n${entries.join('\n')}`);
  }
  const golden = readGolden();

  it('are of the version of DuckDB that is used', () => {
    const advice = `the plans were made with DuckDB ${golden.version}, this is ${version}: run npm run test:oracle, then LENS_GOLDEN=write npx vitest run test/maintenance/golden-plans, and read the diff`;
    expect(golden.version, advice).toBe(version);
  });

  it('are there for every shape, and for no other', () => {
    expect([...golden.entries.keys()]).toEqual([...now.keys()]);
    expect(now.size).toBeGreaterThan(60);
  });

  it.each([...now])('%s', (name, text) => {
    expect(text).toBe(golden.entries.get(name));
  });
});

describe('what the analysis does not understand', async () => {
  await using bench = await OracleBench.open();
  const outcomes: [string, string][] = [];
  for (const { name, models } of readShapes('opaque.sql')) {
    try {
      const plan = (await bench.plans(models)).at(-1);
      outcomes.push([name, `${plan?.strategy}, ${plan?.upkeep}: ${plan?.reason}`]);
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      outcomes.push([name, `refused: ${error.code}`]);
    }
  }

  it.each(outcomes)('%s is rebuilt with a reason, or refused', (_, outcome) => {
    expect(outcome).toMatch(/^(rebuild, compaction: .{5,}|refused: MODEL_SQL_INVALID)$/);
    expect(outcome).not.toMatch(/undefined|null$/);
  });
});
