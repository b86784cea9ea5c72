import { asList, mergeConfig, type Config } from './config-tree.ts';
import { imposedOn, treeOf, writtenFor, type ProjectPart } from './project-part.ts';
import { pythonText } from './python-text.ts';
import { isYamlRecord } from './yaml-file.ts';

/** When a hook of a project is run. */
export type OperationKind = 'on-run-start' | 'on-run-end';

/** A hook of a project or package: dbt's operation. */
export interface Operation {
  /** `operation.PACKAGE.PACKAGE-on-run-start-0`. */
  readonly uniqueId: string;
  /** `PACKAGE-on-run-start-0`. */
  readonly name: string;
  readonly packageName: string;
  readonly kind: OperationKind;
  /** Its place in the list of its package. */
  readonly index: number;
  /** As it is written: rendered when it is run. */
  readonly sql: string;
  /** The dbt_project.yml that it stands in, relative to the project's folder. */
  readonly path: string;
  /** `file:line`. */
  readonly place: string;
  /** What the `models:` tree configures for everything of the package; nothing follows from it, as in dbt. */
  readonly config: Config;
  readonly writtenConfig: Config;
}

const KINDS: readonly OperationKind[] = ['on-run-start', 'on-run-end'];

/** The hooks of a project and its packages, in the order in which dbt runs those of one kind: the project's, then package by package. */
export function readOperations(parts: readonly ProjectPart[]): Operation[] {
  const [root, ...packages] = parts.map((part) => KINDS.flatMap((kind) => operationsOf(part, kind)));
  const byName = packages
    .flat()
    .sort((a, b) => (a.packageName < b.packageName ? -1 : a.packageName > b.packageName ? 1 : 0));
  return [...(root ?? []), ...byName];
}

/** PROJECT_INVALID for what is neither a text nor a list of texts. */
function operationsOf(part: ProjectPart, kind: OperationKind): Operation[] {
  const { yaml, name: packageName } = part.file;
  const said = yaml.record(yaml.data, [])[kind];
  return asList(said).map((one, index) => {
    const at = Array.isArray(said) ? [kind, index] : [kind];
    const name = `${packageName}-${kind}-${index}`;
    const fqn = [packageName, 'hooks', name];
    return {
      uniqueId: `operation.${packageName}.${name}`,
      name,
      packageName,
      kind,
      index,
      sql: yaml.string(one, at),
      path: yaml.path,
      place: yaml.place(at),
      config: mergeConfig(treeOf(part, 'models', fqn), imposedOn(part, 'models', fqn)),
      writtenConfig: writtenFor(part, 'models', fqn, {}),
    };
  });
}

/** One hook of a model or seed. */
export interface NodeHook {
  readonly sql: string;
  /** Whether it is part of one transaction with the others: false runs it outside of that. */
  readonly transaction: boolean;
}

/** The hooks of one kind that a configuration has, in order. A text that is JSON is read, as `before_begin()` and its like write it. */
export function nodeHooks(config: Config, kind: 'pre_hook' | 'post_hook'): NodeHook[] {
  return asList(config[kind]).map((hook) => {
    const said = isYamlRecord(hook) ? hook : parsed(pythonText(hook));
    return { sql: pythonText(said['sql'] ?? ''), transaction: said['transaction'] !== false };
  });
}

/** Whether a model or seed has hooks. */
export function hasHooks({ config }: { readonly config: Config }): boolean {
  return asList(config['pre_hook']).length + asList(config['post_hook']).length > 0;
}

function parsed(hook: string): Readonly<Record<string, unknown>> {
  if (!hook.trimStart().startsWith('{')) return { sql: hook };
  try {
    const read = JSON.parse(hook) as unknown;
    return isYamlRecord(read) ? read : { sql: hook };
  } catch {
    return { sql: hook };
  }
}

/** A configuration in which hooks are maps under dbt's names. */
export function hooksAsMaps(config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      if (key !== 'post_hook' && key !== 'pre_hook') return [key, value];
      const hooks = asList(value).map((hook) =>
        typeof hook === 'object'
          ? { transaction: true, index: null, ...hook }
          : { sql: hook, transaction: true, index: null },
      );
      return [key.replace('_', '-'), hooks];
    }),
  );
}
