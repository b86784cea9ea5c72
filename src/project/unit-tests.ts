import { mergeConfig, type Config } from './config-tree.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import type { UnitTest } from './project-contract.ts';
import { foldersBelow } from './project-files.ts';
import { imposedOn, treeOf, type ProjectPart } from './project-part.ts';
import type { YamlFile } from './yaml-file.ts';

export interface LoadedUnitTests {
  readonly unitTests: readonly UnitTest[];
  /** What the `unit_tests:` tree of dbt_project.yml matches. */
  readonly fqns: readonly (readonly string[])[];
  readonly warnings: readonly string[];
}

/** The keys of yml files that hold unit tests: dbt's, and ours of those over events, which dbt passes over. */
const KEYS = { unit_tests: 'rows', event_tests: 'events' } as const;

/**
 * The `unit_tests:` and `event_tests:` of all yml files, those of models that are enabled. PROJECT_INVALID for one without
 * name or model, or that is there twice.
 */
export function loadUnitTests(
  yamls: readonly YamlFile[],
  part: ProjectPart,
  modelNames: ReadonlySet<string>,
): LoadedUnitTests {
  const { file, engine } = part;
  const tests = new Map<string, UnitTest>();
  const fqns: string[][] = [];
  const warnings: string[] = [];
  const entries = yamls.flatMap((yaml) =>
    (['unit_tests', 'event_tests'] as const).flatMap((key) =>
      yaml.list(yaml.record(yaml.data, [])[key], [key]).map((entry, i) => ({ yaml, key, entry, i })),
    ),
  );
  for (const { yaml, key, entry, i } of entries) {
    const at = [key, i];
    const yml = yaml.record(entry, at);
    const name = yaml.string(yml['name'], [...at, 'name']);
    const model = yaml.string(yml['model'], [...at, 'model']);
    const fqn = [file.name, ...foldersBelow(yaml.path, file.propertyPaths), model, name];
    fqns.push(fqn);
    const place = yaml.place(at);
    const own = engine.yaml(yaml.record(yml['config'], [...at, 'config']), place) as Config;
    const config = mergeConfig(mergeConfig(treeOf(part, 'unitTests', fqn), own), imposedOn(part, 'unitTests', fqn));
    if (!isEnabled(config)) continue;
    if (!modelNames.has(model)) {
      warnings.push(`${place}: the unit test ${name} is left out, there is no enabled model ${model}`);
      continue;
    }
    const uniqueId = `unit_test.${file.name}.${model}.${name}`;
    const other = tests.get(uniqueId);
    if (other !== undefined) throw twice('unit test', name, other.place, place);
    tests.set(uniqueId, {
      name,
      kind: KEYS[key],
      uniqueId,
      packageName: file.name,
      path: yaml.path,
      place,
      fqn,
      model,
      description: yaml.string(engine.yaml(yml['description'], place), [...at, 'description'], ''),
      tags: tagsOf(config),
      meta: (config['meta'] ?? {}) as Record<string, unknown>,
      config,
      fixturePaths: file.testPaths.map((folder) => `${folder}/fixtures`),
      yml,
    });
  }
  return { unitTests: [...tests.keys()].sort().map((id) => tests.get(id) as UnitTest), fqns, warnings };
}
