import type { Config } from './config-tree.ts';
import { docBlocksIn } from './doc-blocks.ts';
import { tagsOf } from './model-files.ts';
import type { ColumnDescription } from './project-contract.ts';
import type { Properties } from './properties.ts';
import type { TemplateEngine } from './template-engine.ts';

/** A description, with doc() and other Jinja in it rendered. */
export function describe(
  { description, yaml, at }: Pick<Properties, 'description' | 'yaml' | 'at'>,
  engine: TemplateEngine,
): string {
  return String(engine.yaml(description, yaml.place([...at, 'description'])));
}

/** Unique ids of the docs blocks that a description names. */
export function docBlocksOf({ description }: Pick<Properties, 'description'>, { settings }: TemplateEngine): string[] {
  return docBlocksIn(description, settings.docs);
}

/** The columns a yml file describes, with the ids of their tests. */
export function describeColumns(
  properties: Properties,
  tests: ReadonlyMap<string, readonly string[]>,
  engine: TemplateEngine,
): ColumnDescription[] {
  return properties.columns.map((column) => {
    const { name, dataType, constraints, quote, config } = column;
    const rendered = engine.yaml(config, properties.yaml.place(properties.at)) as Config;
    const meta = (rendered['meta'] ?? {}) as Record<string, unknown>;
    return {
      name,
      description: describe({ ...properties, ...column }, engine),
      docBlocks: docBlocksOf(column, engine),
      dataType,
      constraints,
      quote,
      meta,
      tags: tagsOf(rendered),
      tests: tests.get(name) ?? [],
    };
  });
}
