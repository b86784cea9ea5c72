import { LensError } from '../core/errors.ts';
import type { Config } from './config-tree.ts';
import type { Operation } from './hooks.ts';
import { fromJs, text, truthy, type Callable, type Value } from './jinja/values.ts';
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
}

/** A rendered hook, and what its template said with log() and print(). */
export interface RenderedHook {
  readonly sql: string;
  readonly said: readonly string[];
}

/**
 * Renders hooks of a loaded project when they are run, with `execute` true: queries of their templates are asked one by one of the
 * warehouse as it is.
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
  operation(operation: Operation, scene: HookScene): RenderedHook {
    const { name, packageName, uniqueId, path, kind, sql, place, config } = operation;
    const fqn = [packageName, 'hooks', name];
    const model = { name, unique_id: uniqueId, resource_type: 'operation', package_name: packageName };
    const more = { original_file_path: path, path: `hooks/${name}.sql`, fqn, tags: [kind], alias: name, config };
    return this.#render(packageName, sql, place, config, scene, { this: null, model: fromJs({ ...model, ...more }) });
  }

  /** The same for a hook of a model or seed. */
  ofNode(node: Model | Seed, sql: string, scene: HookScene): RenderedHook {
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

  #render(
    packageName: string,
    sql: string,
    place: string,
    config: Config,
    { moment, answers, names }: HookScene,
    own: Readonly<Record<string, Value>>,
  ): RenderedHook {
    const engine = this.#engines.get(packageName);
    if (engine === undefined) throw new LensError('INTERNAL', `there is no package ${packageName}`);
    const said: string[] = [];
    const rendered = engine.render(parseFile(sql, place), {
      resolver: new ReferenceCapture(this.#references, qualified, packageName),
      config: { declared: config, captured: {} },
      interview: Interview.live(answers),
      moment,
      made: names,
      names: { ...own, ...speaking(said) },
    });
    return { sql: rendered, said };
  }
}

/** `log()` with `info=true`, and `print()`: lines on the console of the command. */
function speaking(said: string[]): Record<string, Callable> {
  return {
    log: ({ positional: [message, info], named }) => {
      if (truthy(info ?? named.get('info') ?? false)) said.push(text(message ?? named.get('msg') ?? ''));
      return '';
    },
    print: ({ positional: [message], named }) => {
      said.push(text(message ?? named.get('msg') ?? ''));
      return '';
    },
  };
}
