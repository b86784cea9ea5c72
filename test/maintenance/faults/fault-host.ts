/**
 * Runs properties with faults planted, one after another, each on a copy of the program of its own, in one process: to start one for each fault
 * takes longer than most of them take to be found. Asked by
 * planted-faults.test.ts.
 *
 * A copy is all modules of `src` and of the tests, loaded by a URL that names the fault; packages are shared.
 */
import { registerHooks, type ResolveFnOutput, stripTypeScriptTypes } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { PropertyName, runProperty } from '../generated/property.ts';
import { FAULTS } from './planted-faults.ts';
import { planted } from './planted.ts';

/** `fault` is null where nothing is planted. */
export interface FaultCall {
  readonly fault: string | null;
  readonly property: PropertyName;
  readonly shapes: readonly string[];
  readonly runs: number;
  readonly seed: number;
}

/** `differs`: a table is not what its SQL gives; `fails`: upkeep itself did, or the program. */
export interface FaultAnswer {
  readonly outcome: 'holds' | 'differs' | 'fails';
  readonly output: string;
}

const ROOT = path.resolve(import.meta.dirname, '../../..');
const COPY = 'copy';
const plain = new Map<string, string>();
/** What a module names, by its file and the name: the same in all copies. */
const found = new Map<string, ResolveFnOutput>();

/** The JavaScript of a module. */
function javaScript(file: string): string {
  let source = plain.get(file);
  if (source === undefined) plain.set(file, (source = stripTypeScriptTypes(readFileSync(file, 'utf8'))));
  return source;
}

registerHooks({
  resolve(asked, context, next) {
    const parent = context.parentURL === undefined ? null : new URL(context.parentURL);
    const copy = parent?.searchParams.get(COPY) ?? null;
    if (parent === null || copy === null) return next(asked, context);
    const name = `${parent.pathname} ${asked}`;
    const known = found.get(name) ?? next(asked, context);
    found.set(name, known);
    if (!known.url.startsWith('file:') || known.url.includes('/node_modules/')) return { ...known, shortCircuit: true };
    return { ...known, url: `${known.url}?${COPY}=${encodeURIComponent(copy)}`, shortCircuit: true };
  },
  load(asked, context, next) {
    const url = asked.startsWith('file:') ? new URL(asked) : null;
    const copy = url?.searchParams.get(COPY) ?? null;
    if (url === null || copy === null) return next(asked, context);
    const file = fileURLToPath(url);
    if (!file.endsWith('.ts')) return next(asked, context);
    const fault = FAULTS.find((one) => one.name === copy);
    const isPlace = fault !== undefined && file === path.join(ROOT, 'src', fault.file);
    const source = isPlace ? stripTypeScriptTypes(planted(fault, readFileSync(file, 'utf8'))) : javaScript(file);
    return { format: 'module', source, shortCircuit: true };
  },
});

async function answer({ fault, property, shapes, runs, seed }: FaultCall): Promise<FaultAnswer> {
  const url = pathToFileURL(path.join(import.meta.dirname, '../generated/property.ts'));
  url.searchParams.set(COPY, fault ?? 'none');
  const program = (await import(url.href)) as { runProperty: typeof runProperty };
  for (const shape of shapes.length === 0 ? [undefined] : shapes) {
    try {
      await program.runProperty(property, { runs, seed, shape, first: true });
    } catch (error) {
      const output = error instanceof Error ? error.message : String(error);
      const differs = error instanceof Error && 'isDifference' in error && error.isDifference === true;
      return { outcome: differs ? 'differs' : 'fails', output };
    }
  }
  return { outcome: 'holds', output: '' };
}

process.on('disconnect', () => process.exit(0));
process.on('message', (call: FaultCall) => void answer(call).then((said) => process.send?.(said)));
