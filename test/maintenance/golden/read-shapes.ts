import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GeneratedModel } from '../generated/scenario.ts';

/** A named shape of SQL: one model, or several that read each other. */
export interface Shape {
  readonly name: string;
  readonly models: readonly GeneratedModel[];
}

/** The shapes of a file of this folder, in its own short form. */
export function readShapes(file = 'shapes.sql'): Shape[] {
  const text = readFileSync(path.join(import.meta.dirname, file), 'utf8');
  return text
    .split(/^-- shape: /m)
    .slice(1)
    .map((block) => {
      const [head = '', ...lines] = block.split('\n');
      const [name, kind = 'table'] = head.split(' / ') as [string, GeneratedModel['kind'] | undefined];
      const [first, ...others] = lines.join('\n').split(/^-- then /m);
      const models = [{ kind, sql: first as string }, ...others.map(modelOf)];
      return { name, models: models.map((model) => ({ ...model, sql: asTemplate(model.sql) })) };
    });
}

function modelOf(text: string): GeneratedModel {
  const at = text.indexOf('\n');
  return { kind: text.slice(0, at) as GeneratedModel['kind'], sql: text.slice(at + 1) };
}

function asTemplate(sql: string): string {
  return sql
    .trim()
    .replaceAll(/\braw\.(\w+)/g, "{{ source('raw', '$1') }}")
    .replaceAll(/\b(from|join) (m\d)\b/g, "$1 {{ ref('$2') }}");
}
