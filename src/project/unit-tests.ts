import { mergeConfig, type Config } from './config-tree.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import type { Model, UnitTest } from './project-contract.ts';
import { foldersBelow } from './project-files.ts';
import { imposedOn, treeOf, type ProjectPart } from './project-part.ts';
import { versionedName } from './node-names.ts';
import type { YamlFile, YamlRecord } from './yaml-file.ts';

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
  models: readonly Tested[],
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
    const tested = testedModels({ yaml, yml, at, name, model, packageName: file.name }, models);
    if (tested.length === 0) {
      warnings.push(`${place}: the unit test ${name} is left out, there is no enabled model ${model}`);
      continue;
    }
    for (const { name: testedName, version } of tested) {
      const v = version?.v ?? null;
      const uniqueId = `unit_test.${file.name}.${model}.${versionedName({ name, version: v })}`;
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
        model: testedName,
        declaredModel: model,
        version: v,
        description: yaml.string(engine.yaml(yml['description'], place), [...at, 'description'], ''),
        tags: tagsOf(config),
        meta: (config['meta'] ?? {}) as Record<string, unknown>,
        config,
        fixturePaths: file.testPaths.map((folder) => `${folder}/fixtures`),
        yml,
      });
    }
  }
  return { unitTests: [...tests.keys()].sort().map((id) => tests.get(id) as UnitTest), fqns, warnings };
}

type Tested = Pick<Model, 'name' | 'ownName' | 'packageName' | 'version'>;

interface Declared {
  readonly yaml: YamlFile;
  readonly yml: YamlRecord;
  readonly at: (string | number)[];
  readonly name: string;
  readonly model: string;
  readonly packageName: string;
}

/**
 * The model that a unit test is of, or those of its versions that `versions:` includes or does not exclude, as in dbt
 * (parser/unit_tests.py, process_models_for_unit_test). PROJECT_INVALID in its words where there is none such.
 */
function testedModels(
  { yaml, yml, at, name, model, packageName }: Declared,
  models: readonly Tested[],
): readonly Tested[] {
  const named = models.filter(({ ownName }) => ownName === model);
  const ofPackage = named.filter((one) => one.packageName === packageName);
  const own = ofPackage.length > 0 ? ofPackage : named;
  const versions = yaml.record(yml['versions'], [...at, 'versions']);
  const [include, exclude] = ['include', 'exclude'].map((key) => yaml.list(versions[key], [...at, 'versions', key]));
  const chosen = [...(include ?? []), ...(exclude ?? [])];
  if (own.some(({ version }) => version === null)) {
    if (chosen.length === 0) return own;
    throw yaml.invalid(
      at,
      `Unit test '${name}' should not have a versions include or exclude when referencing non-versioned model '${model}'`,
    );
  }
  if (own.length === 0 || yml['versions'] === undefined || yml['versions'] === null) return own;
  const has = (list: readonly unknown[] | undefined, v: unknown): boolean => list?.includes(v) === true;
  const left = own.filter(({ version }) =>
    (exclude?.length ?? 0) > 0 ? !has(exclude, version?.v) : has(include, version?.v),
  );
  if (left.length > 0) return left;
  throw yaml.invalid(at, `Unit test '${name}' referenced a version of '${model}' which was not found.`);
}
