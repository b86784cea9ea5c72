import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { twice } from './model-files.ts';
import type { SelectorDefinition } from './project-contract.ts';
import type { TemplateEngine } from './template-engine.ts';
import { YamlFile } from './yaml-file.ts';

const SELECTORS_FILE = 'selectors.yml';

/**
 * The definitions of selectors.yml, in their order; none without the file. What a definition says is for the selection to
 * understand. PROJECT_INVALID for two of one name, or two that are the default one.
 */
export function readSelectors(dir: string, engine: TemplateEngine): SelectorDefinition[] {
  if (!existsSync(join(dir, SELECTORS_FILE))) return [];
  const yaml = YamlFile.read(dir, SELECTORS_FILE);
  const found = new Map<string, SelectorDefinition>();
  const list = yaml.list(yaml.record(yaml.data, [])['selectors'], ['selectors']);
  for (const [i, entry] of list.entries()) {
    const at = ['selectors', i];
    const place = yaml.place(at);
    const data = yaml.record(engine.yaml(yaml.record(entry, at), place), at);
    const name = yaml.string(data['name'], [...at, 'name']);
    if (data['definition'] === undefined || data['definition'] === null)
      throw yaml.invalid(at, `the selector ${name} has no definition`);
    const other = found.get(name);
    if (other !== undefined) throw twice('selector', name, other.place, place);
    const selector = {
      name,
      description: yaml.string(data['description'], [...at, 'description'], ''),
      default: data['default'] === true,
      definition: data['definition'],
      place,
    };
    const first = [...found.values()].find((one) => one.default);
    if (selector.default && first !== undefined)
      throw yaml.invalid(at, `the selectors ${first.name} and ${name} are both the default`, 'keep one of the two');
    found.set(name, selector);
  }
  return [...found.values()];
}
