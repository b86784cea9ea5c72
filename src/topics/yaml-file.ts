import { readFileSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import { yamlProblem } from '../core/yaml-schema.ts';

type Key = string | number;

/** A YAML file whose values know their lines, so that every complaint says file and line. */
export class YamlFile {
  readonly #name: string;
  readonly #lines = new LineCounter();
  readonly #document;
  readonly root: unknown;

  /** @param name how messages call the file */
  constructor(file: string, name: string) {
    this.#name = name;
    this.#document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: this.#lines });
    const [error] = this.#document.errors;
    if (error !== undefined) {
      const line = error.linePos?.[0].line;
      throw new LensError('TOPIC_CONTRACT_INVALID', `the YAML cannot be read: ${yamlProblem(error)}`, {
        place: line === undefined ? name : `${name}:${line}`,
        hint: 'check the indentation and quotes there',
      });
    }
    this.root = this.#document.toJS();
  }

  /** `topics/x/topic.yml:7 (checks.sampler)` */
  place(path: readonly Key[]): string {
    let line: number | undefined;
    for (let depth = path.length; depth > 0 && line === undefined; depth--) line = this.#line(path.slice(0, depth));
    const at = line === undefined ? this.#name : `${this.#name}:${line}`;
    return path.length === 0 ? at : `${at} (${path.join('.')})`;
  }

  fail(path: readonly Key[], message: string, hint?: string): never {
    throw new LensError('TOPIC_CONTRACT_INVALID', message, { place: this.place(path), hint });
  }

  /** A map whose keys are all known (`known` null: any); missing gives {}. */
  map(path: readonly Key[], value: unknown, known: readonly string[] | null): Record<string, unknown> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) this.fail(path, 'a mapping is needed here');
    for (const key of Object.keys(value)) {
      if (known === null || known.includes(key)) continue;
      const meant = closestName(key, known);
      this.fail(
        [...path, key],
        `unknown key "${key}"`,
        meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`,
      );
    }
    return value as Record<string, unknown>;
  }

  text(path: readonly Key[], value: unknown): string {
    if (typeof value !== 'string' || value === '') this.fail(path, 'a text is needed here');
    return value;
  }

  number(path: readonly Key[], value: unknown): number {
    if (typeof value !== 'number' || !Number.isFinite(value)) this.fail(path, 'a number is needed here');
    return value;
  }

  /** A list of texts; a single one counts as a list of one. */
  texts(path: readonly Key[], value: unknown): string[] {
    const list = Array.isArray(value) ? (value as unknown[]) : [value];
    return list.map((item, i) => this.text([...path, i], item));
  }

  #line(path: readonly Key[]): number | undefined {
    const parent = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true);
    let offset: number | undefined;
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1));
      if (isScalar(pair?.key)) offset = pair.key.range?.[0];
    } else {
      const node = this.#document.getIn(path, true);
      if (isScalar(node)) offset = node.range?.[0];
    }
    return offset === undefined ? undefined : this.#lines.linePos(offset).line;
  }
}
