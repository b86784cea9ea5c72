import { closestName } from '../core/closest-name.ts';
import { LensError } from '../core/errors.ts';
import type { Config } from './config-tree.ts';
import type { Operation } from './hooks.ts';
import { fromJs, text, truthy, type Callable, type Value } from './jinja/values.ts';
import type { TemplateNames } from './dbt-context.ts';
import type { NamedMacro } from './macro-contract.ts';
import { parseFile } from './macro-library.ts';
import { modelNodeValue, type ModelDraft } from './model-renderer.ts';
import { nodeValue } from './node-names.ts';
import type { Model, Relation, Seed } from './project-contract.ts';
import { Interview, type Answer } from './questions.ts';
import { ReferenceCapture, type ReferenceTable } from './references.ts';
import { qualified } from './relation-naming.ts';
import { relationValue } from './relation-values.ts';
import type { RunMoment } from './run-moment.ts';
import type { TemplateEngine } from './template-engine.ts';

/** What a hook is rendered with. */
export interface HookScene {
  readonly moment: RunMoment;
  /** To the queries of its template so far, in order; a further one ends the rendering with a PendingQuestion. */
  readonly answers: readonly Answer[];
  /** Names that are made when they are looked at, as `results`. */
  readonly names: Readonly<Record<string, () => Value>>;
  /** Takes what log() and print() say, from the first line on in each rendering. */
  readonly say: (said: Said) => void;
}

/** A line that a template says: with `log()` and `info=true`, or with `print()`. */
export interface Said {
  readonly text: string;
  /** By `print()`: dbt prints it as it is, with `--quiet` too. */
  readonly printed: boolean;
}

/**
 * Renders hooks of a loaded project, and macros that a command names, when they are run, with `execute` true: queries of their templates are
 * asked one by one of the warehouse as it is.
 */
export class HookRenderer {
  readonly #engines: ReadonlyMap<string, TemplateEngine>;
  readonly #drafts: ReadonlyMap<string, ModelDraft>;
  readonly #references: ReferenceTable;

  /** @param engines by the name of the project or package */
  constructor(
    engines: ReadonlyMap<string, TemplateEngine>,
    drafts: ReadonlyMap<string, ModelDraft>,
    references: ReferenceTable,
  ) {
    this.#engines = engines;
    this.#drafts = drafts;
    this.#references = references;
  }

  /** MODEL_RENDER_FAILED, MODEL_NOT_SUPPORTED, MODEL_UNKNOWN_REF with the place of the hook. */
  operation(operation: Operation, scene: HookScene): string {
    const { name, packageName, uniqueId, path, kind, sql, place, config } = operation;
    const fqn = [packageName, 'hooks', name];
    const model = { name, unique_id: uniqueId, resource_type: 'operation', package_name: packageName };
    const more = { original_file_path: path, path: `hooks/${name}.sql`, fqn, tags: [kind], alias: name, config };
    return this.#render(packageName, sql, place, config, scene, { this: null, model: fromJs({ ...model, ...more }) });
  }

  /** The same for a hook of a model or seed. */
  ofNode(node: Model | Seed, sql: string, scene: HookScene): string {
    const { name, packageName, path, schema, alias, config } = node;
    const draft = 'rawSql' in node ? this.#drafts.get(name) : undefined;
    const kind = draft === undefined ? 'seed' : 'model';
    const relation: Relation = { kind, name, schema, identifier: alias };
    const type = 'materialized' in node && node.materialized === 'view' ? 'view' : 'table';
    const named = { resourceType: kind, name, version: null, packageName, path, fqn: node.fqn } as const;
    const model = draft === undefined ? nodeValue(named, config) : modelNodeValue(draft.file, config);
    const own = { this: relationValue(relation, type), model };
    return this.#render(packageName, sql, path, config, scene, own);
  }

  /** The macro that a command names, alone or with its package before it: USAGE when there is none. */
  macro(name: string): NamedMacro {
    const [first] = this.#engines.keys();
    const { macros } = this.#engine(first ?? '');
    const found = macros.find(name);
    if (found !== null) return found;
    const near = closestName(name, macros.names());
    throw new LensError('USAGE', `dbt could not find a macro with the name '${name}' in any package`, {
      hint:
        near === undefined
          ? 'macros lie in macros/, those of packages are named PACKAGE.MACRO'
          : `did you mean ${near}?`,
    });
  }

  /** Calls a macro for what it does: its text is of no use, as in dbt. MODEL_RENDER_FAILED and what else its templates throw. */
  call(macro: NamedMacro, args: Readonly<Record<string, unknown>>, scene: HookScene): void {
    const { name, packageName, uniqueId, path } = macro;
    const model = { name, unique_id: uniqueId, resource_type: 'macro', package_name: packageName };
    const named = new Map(Object.entries(args).map(([key, value]) => [key, fromJs(value)]));
    const own = { model: fromJs({ ...model, path, original_file_path: path }) };
    this.#engine(packageName).call(macro, named, this.#names(packageName, {}, scene, own));
  }

  #render(
    packageName: string,
    sql: string,
    place: string,
    config: Config,
    scene: HookScene,
    own: Readonly<Record<string, Value>>,
  ): string {
    const names = this.#names(packageName, config, scene, own);
    return this.#engine(packageName).render(parseFile(sql, place), names);
  }

  #names(
    packageName: string,
    config: Config,
    { moment, answers, names, say }: HookScene,
    own: Readonly<Record<string, Value>>,
  ): TemplateNames {
    return {
      resolver: new ReferenceCapture(this.#references, qualified, packageName),
      config: { declared: config, captured: {} },
      interview: Interview.live(answers),
      moment,
      made: names,
      print: (line) => say({ text: line, printed: true }),
      names: { ...own, ...speaking(say) },
    };
  }

  #engine(packageName: string): TemplateEngine {
    const engine = this.#engines.get(packageName);
    if (engine === undefined) throw new LensError('INTERNAL', `there is no package ${packageName}`);
    return engine;
  }
}

/** `log()` with `info=true`, `print()` and `exceptions.warn()`: lines on the console of the command. */
function speaking(say: HookScene['say']): Record<string, Callable> {
  return {
    log: ({ positional: [message, info], named }) => {
      if (truthy(info ?? named.get('info') ?? false))
        say({ text: text(message ?? named.get('msg') ?? ''), printed: false });
      return '';
    },
    print: ({ positional: [message], named }) => {
      say({ text: text(message ?? named.get('msg') ?? ''), printed: true });
      return '';
    },
    'exceptions.warn': ({ positional: [message], named }) => {
      say({ text: text(message ?? named.get('msg') ?? ''), printed: false });
      return '';
    },
  };
}
