/**
 * With `--import`, plants the fault that LENS_FAULT names into the source as it is loaded. Nothing in `src` knows of it.
 * An unknown name, or a text that is not there exactly once, ends the process.
 */
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { FAULTS } from './planted-faults.ts';
import { planted } from './planted.ts';

const name = process.env['LENS_FAULT'];
const fault = FAULTS.find((one) => one.name === name);
if (fault === undefined) throw new Error(`no planted fault is called ${name}`);

const root = path.resolve(import.meta.dirname, '../../../src');
const url = pathToFileURL(path.join(root, fault.file)).href;

registerHooks({
  load(asked, context, next) {
    const loaded = next(asked, context);
    if (asked !== url) return loaded;
    return { ...loaded, source: planted(fault, Buffer.from(loaded.source as Uint8Array).toString()) };
  },
});
