import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { fileProblem, LensError } from '../core/errors.ts';
import { Float, isWhole } from '../core/numbers.ts';
import { AS_PYYAML, yamlProblem } from '../core/yaml-schema.ts';

export type YamlRecord = Readonly<Record<string, unknown>>;
type Path = readonly (string | number)[];

/** A YAML file whose parts can be read with checks; what is wrong is told with file and line (PROJECT_INVALID). */
export class YamlFile {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly data: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(path: string, document: Document, lines: LineCounter) {
    this.path = path;
    this.data = document.toJS();
    this.#document = document;
    this.#lines = lines;
  }

  static read(dir: string, path: string): YamlFile {
    let source: string;
    try {
      source = readFileSync(join(dir, path), 'utf8');
    } catch (error) {
      throw new LensError('PROJECT_INVALID', `cannot read ${path}: ${fileProblem(error)}`, {
        place: path,
        cause: error,
      });
    }
    const lines = new LineCounter();
    const document = parseDocument(source, { ...AS_PYYAML, lineCounter: lines });
    const [problem] = document.errors;
    if (problem !== undefined) {
      const line = problem.linePos?.[0].line ?? 1;
      throw new LensError('PROJECT_INVALID', `the YAML cannot be read: ${yamlProblem(problem)}`, {
        place: `${path}:${line}`,
        hint: 'check the indentation and quotes there',
        cause: problem,
      });
    }
    return new YamlFile(path, document, lines);
  }

  /** `file:line` of a part, or of the nearest part around it that is there. */
  place(at: Path): string {
    for (let length = at.length; length > 0; length--) {
      const offset = this.#offset(at.slice(0, length));
      if (offset !== undefined) return `${this.path}:${this.#lines.linePos(offset).line}`;
    }
    return this.path;
  }

  #offset(at: Path): number | undefined {
    const parent = at.length === 1 ? this.#document.contents : this.#document.getIn(at.slice(0, -1), true);
    const last = at.at(-1);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === last);
      return isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    }
    if (isSeq(parent) && typeof last === 'number') {
      const item = parent.items[last];
      return isNode(item) ? item.range?.[0] : undefined;
    }
    return undefined;
  }

  invalid(at: Path, problem: string, hint?: string): LensError {
    return new LensError('PROJECT_INVALID', problem, { place: this.place(at), hint });
  }

  /** A map; empty when missing or null. */
  record(value: unknown, at: Path): YamlRecord {
    if (value === undefined || value === null) return {};
    if (isYamlRecord(value)) return value;
    throw this.invalid(at, `${at.join('.') || 'the file'} must be a map of names to values`);
  }

  /** A list; empty when missing or null. */
  list(value: unknown, at: Path): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    throw this.invalid(at, `${at.join('.')} must be a list`, 'start each entry with "- "');
  }

  /** A text, or the fallback when missing; without fallback it must be there. */
  string(value: unknown, at: Path, fallback?: string): string {
    if (typeof value === 'string') return value;
    if (isWhole(value) || value instanceof Float) return String(value);
    // YAML 1.1 reads the words yes, no, on and off so, and dbt refuses them here, too
    if (typeof value === 'boolean')
      throw this.invalid(at, `${at.join('.')} must be a text, not ${value}`, 'put quotes around it');
    if ((value === undefined || value === null) && fallback !== undefined) return fallback;
    throw this.invalid(at, value === undefined ? `${at.join('.')} is missing` : `${at.join('.')} must be a text`);
  }

  /** A list of texts; a single text stands for a list of one. */
  strings(value: unknown, at: Path): string[] {
    if (typeof value === 'string') return [value];
    return this.list(value, at).map((one, i) => this.string(one, [...at, i]));
  }
}

export function isYamlRecord(value: unknown): value is YamlRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Float);
}
