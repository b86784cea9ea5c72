import { LensError } from '../core/errors.ts';
import { mergeConfig, type Config } from './config-tree.ts';
import { parseFile } from './macro-library.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import type { Exposure } from './project-contract.ts';
import { foldersBelow } from './project-files.ts';
import { imposedOn, treeOf, type ProjectPart } from './project-part.ts';
import { ReferenceCapture, type ReferenceTable } from './references.ts';
import { qualified } from './relation-naming.ts';
import type { TemplateEngine } from './template-engine.ts';
import type { YamlFile, YamlRecord } from './yaml-file.ts';

export interface LoadedExposures {
  readonly exposures: readonly Exposure[];
  /** What the `exposures:` tree of dbt_project.yml matches. */
  readonly fqns: readonly (readonly string[])[];
  /** What an exposure names and this product does not run, a sentence each. */
  readonly warnings: readonly string[];
}

const TYPES = ['dashboard', 'notebook', 'analysis', 'ml', 'application'];
const MATURITIES = ['low', 'medium', 'high'];

/** The `exposures:` of all yml files, by name. PROJECT_INVALID or MODEL_UNKNOWN_REF with the line for what is wrong. */
export function loadExposures(
  yamls: readonly YamlFile[],
  part: ProjectPart,
  references: ReferenceTable,
): LoadedExposures {
  const { file, engine } = part;
  const exposures = new Map<string, Exposure>();
  const fqns: string[][] = [];
  const warnings: string[] = [];
  for (const yaml of yamls) {
    const list = yaml.list(yaml.record(yaml.data, [])['exposures'], ['exposures']);
    for (const [i, entry] of list.entries()) {
      const at = ['exposures', i];
      const data = yaml.record(entry, at);
      const name = yaml.string(data['name'], [...at, 'name']);
      const fqn = [file.name, ...foldersBelow(yaml.path, file.propertyPaths), name];
      fqns.push(fqn);
      const place = yaml.place(at);
      const config = exposureConfig(yaml, data, at, fqn, part);
      if (!isEnabled(config)) continue;
      const other = exposures.get(name);
      if (other !== undefined) throw twice('exposure', name, other.place, place);
      const reads = dependencies(yaml, data, at, references, engine);
      warnings.push(...reads.warnings);
      exposures.set(name, {
        name,
        uniqueId: `exposure.${file.name}.${name}`,
        packageName: file.name,
        path: yaml.path,
        place,
        fqn,
        ...described(yaml, data, at, engine),
        meta: (config['meta'] ?? {}) as Record<string, unknown>,
        tags: tagsOf(config).toSorted(),
        config,
        dependsOn: reads.dependsOn,
      });
    }
  }
  return { exposures: [...exposures.keys()].sort().map((name) => exposures.get(name) as Exposure), fqns, warnings };
}

function exposureConfig(
  yaml: YamlFile,
  data: YamlRecord,
  at: readonly (string | number)[],
  fqn: readonly string[],
  part: ProjectPart,
): Config {
  const beside = Object.fromEntries(
    ['meta', 'tags'].flatMap((key) => (data[key] === undefined ? [] : [[key, data[key]]])),
  );
  const own = mergeConfig(beside, yaml.record(data['config'], [...at, 'config']));
  const rendered = part.engine.yaml(own, yaml.place(at)) as Config;
  return mergeConfig(mergeConfig(treeOf(part, 'exposures', fqn), rendered), imposedOn(part, 'exposures', fqn));
}

type Described = Pick<Exposure, 'label' | 'type' | 'maturity' | 'url' | 'owner' | 'description'>;

function described(
  yaml: YamlFile,
  raw: YamlRecord,
  at: readonly (string | number)[],
  engine: TemplateEngine,
): Described {
  const { depends_on: _, ...rest } = raw;
  const data = yaml.record(engine.yaml(rest, yaml.place(at)), at);
  const optional = (key: string): string | null =>
    data[key] === undefined || data[key] === null ? null : yaml.string(data[key], [...at, key]);
  const type = yaml.string(data['type'], [...at, 'type']);
  if (!TYPES.includes(type))
    throw yaml.invalid([...at, 'type'], `an exposure's type is one of ${TYPES.join(', ')}, not ${type}`);
  const maturity = optional('maturity');
  if (maturity !== null && !MATURITIES.includes(maturity))
    throw yaml.invalid([...at, 'maturity'], `maturity is one of ${MATURITIES.join(', ')}, not ${maturity}`);
  const owner = yaml.record(data['owner'], [...at, 'owner']);
  if (owner['name'] === undefined && owner['email'] === undefined)
    throw yaml.invalid(
      at,
      `the exposure ${yaml.string(data['name'], at)} has no owner`,
      'write owner: {name: ..., email: ...}',
    );
  return {
    label: optional('label'),
    type,
    maturity,
    url: optional('url'),
    owner,
    description: optional('description') ?? '',
  };
}

/** `depends_on` holds calls as templates have them, without the braces. */
function dependencies(
  yaml: YamlFile,
  data: YamlRecord,
  at: readonly (string | number)[],
  references: ReferenceTable,
  engine: TemplateEngine,
): { dependsOn: Exposure['dependsOn']; warnings: string[] } {
  const resolver = new ReferenceCapture(references, qualified, engine.settings.packageName);
  const warnings: string[] = [];
  for (const [i, call] of yaml.strings(data['depends_on'], [...at, 'depends_on']).entries()) {
    const place = yaml.place([...at, 'depends_on', i]);
    if (/^\s*metric\s*\(/.test(call)) {
      warnings.push(`${place}: ${call.trim()} is not read, metrics are not run`);
      continue;
    }
    try {
      engine.render(parseFile(`{{ ${call} }}`, place), { resolver, config: { declared: {}, captured: {} }, names: {} });
    } catch (error) {
      if (!(error instanceof LensError) || error.code !== 'MODEL_UNKNOWN_REF' || resolver.left.size === 0) throw error;
      warnings.push(`${place}: ${error.message}`);
    }
  }
  return { dependsOn: resolver.dependsOn, warnings };
}
