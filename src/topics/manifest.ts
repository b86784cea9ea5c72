import { existsSync, readFileSync } from 'node:fs';
import { LensError, messageOf } from '../core/errors.ts';

/** Which schema a wire id stands for. */
export interface SchemaPlace {
  readonly topic: string;
  readonly version: number;
}

/** topics/manifest.json: `{ "1": { "topic": "orders", "version": 1 }, ... }`, wire ids as keys. */
export type Manifest = ReadonlyMap<number, SchemaPlace>;

/** Reads the manifest; a missing file is an empty one. TOPIC_CONTRACT_INVALID with file and key. */
export function readManifest(file: string, name: string): Manifest {
  const manifest = new Map<number, SchemaPlace>();
  if (!existsSync(file)) return manifest;
  const fail = (key: string | null, message: string): never => {
    throw new LensError('TOPIC_CONTRACT_INVALID', message, {
      place: key === null ? name : `${name} ("${key}")`,
      hint: 'an entry looks like "7": { "topic": "orders", "version": 2 }',
    });
  };
  let json: unknown;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
    json = JSON.parse(text);
  } catch (error) {
    return fail(null, `not valid JSON: ${messageOf(error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return fail(null, 'an object is needed here');
  // Of two entries under one key, JSON keeps the last without a word.
  const keys = [...text.matchAll(/"(\d+)"\s*:\s*\{/g)].map(([, key]) => key as string);
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined) return fail(twice, 'the wire id is there twice');
  const seen = new Map<string, string>();
  for (const [key, entry] of Object.entries(json as Record<string, unknown>)) {
    const id = Number(key);
    if (!/^\d+$/.test(key) || id > 0x7fffffff) fail(key, 'a wire id is a whole number up to 2147483647');
    const { topic, version, ...rest } = (entry ?? {}) as Record<string, unknown>;
    if (typeof topic !== 'string' || typeof version !== 'number') return fail(key, 'an entry needs topic and version');
    if (Object.keys(rest).length > 0) fail(key, `unknown key "${Object.keys(rest)[0]}"`);
    const other = seen.get(`${topic} ${version}`);
    if (other !== undefined) fail(key, `version ${version} of ${topic} has the wire id ${other} already`);
    if (manifest.has(id)) fail(key, 'the wire id is there twice');
    seen.set(`${topic} ${version}`, key);
    manifest.set(id, { topic, version });
  }
  return manifest;
}
