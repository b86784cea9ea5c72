import { withoutLayout } from '../../project/sql-layout.ts';
import { qualified } from '../../warehouse/sql.ts';
import type { ModelDefinition } from './model-definition.ts';

/**
 * Models that are there under another name: of a new one, the one that is gone and has the same SQL, configuration and columns.
 * Names of what they read count as the same where those are renamed themselves.
 *
 * @param fresh new models in dependency order
 */
export function renamedModels(
  fresh: ReadonlyMap<string, ModelDefinition>,
  gone: ReadonlyMap<string, ModelDefinition>,
): Map<string, string> {
  const renamed = new Map<string, string>();
  const names: [string, string][] = [];
  for (const [name, definition] of fresh) {
    const wanted = body(definition, []);
    const found = [...gone].find(
      ([old, before]) => ![...renamed.values()].includes(old) && body(before, names) === wanted,
    );
    if (found === undefined) continue;
    const [old, before] = found;
    renamed.set(name, old);
    names.push([
      withoutLayout(qualified(before.schema, before.identifier)),
      withoutLayout(qualified(definition.schema, definition.identifier)),
    ]);
  }
  return renamed;
}

/** All of it but where it is stored. */
function body({ sql, config, columns, materialized }: ModelDefinition, names: readonly [string, string][]): string {
  let text = withoutLayout(sql);
  for (const [before, after] of names) text = text.replaceAll(before, after);
  const rest = Object.entries(config).filter(([key]) => key !== 'alias' && key !== 'schema');
  return JSON.stringify([text, rest, columns, materialized]);
}
