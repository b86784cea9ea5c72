import { createHash } from 'node:crypto';
import { closestName } from '../core/closest-name.ts';
import { mergeConfig } from './config-tree.ts';
import { bind, stringArgument } from './jinja/arguments.ts';
import { GLOBALS } from './jinja/globals.ts';
import { Scope } from './jinja/scope.ts';
import {
  TemplateError,
  Thing,
  Undefined,
  fromJs,
  text,
  toJs,
  truthy,
  type Arguments,
  type Callable,
  type Value,
} from './jinja/values.ts';
import { DBT_VERSION } from './dbt-version.ts';
import { noRun, type RunMoment } from './run-moment.ts';
import type { DocBlock } from './declared-nodes.ts';
import { setRunNames } from './run-names.ts';
import type { Target } from './profile.ts';
import type { Interview } from './questions.ts';
import { DATABASE, quoteIdentifier } from './relation-naming.ts';
import { createRelation, ephemeralName } from './relation-values.ts';
import { COLUMN_CLASS } from './column-values.ts';
import { contextValue, recordValue } from './context-value.ts';
import { warehouseNames } from './warehouse-context.ts';

/** What is the same for every template of a project. */
export interface ProjectSettings {
  /** Of the project; `packageName` is that of the part whose templates are rendered. */
  readonly name: string;
  readonly packageName: string;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `doc()` may mean, by name and by `PACKAGE.NAME`. */
  readonly docs: ReadonlyMap<string, DocBlock>;
}

/** What a template refers to; both throw MODEL_UNKNOWN_REF without a place, which the renderer adds. */
export interface Resolver {
  /**
   * @param packageName the project or package the model must be of
   * @param version of a model that has versions; the latest one when there is none
   */
  ref(name: string, packageName: string | null, version: string | null): Value;
  source(sourceName: string, table: string): Value;
  /** The relation of the project at a place; null when there is none. */
  relationAt(schema: string, identifier: string): Value;
  /** SQL with the relations in it named for whoever runs it, in place of dbt's names. */
  inSql(text: string): string;
  /** dbt's `graph`. */
  graph(): Value;
}

/** A template's configuration: what the yml files say, and what `config()` in the template adds. */
export interface ConfigCapture {
  readonly declared: Readonly<Record<string, unknown>>;
  captured: Readonly<Record<string, unknown>>;
}

/** What one template sees besides the macros. */
export interface TemplateNames {
  readonly resolver: Resolver | null;
  readonly config: ConfigCapture;
  /** What it asks of the warehouse; without one the template is parsed, and `execute` is false. */
  readonly interview?: Interview | undefined;
  /** The run that it is rendered for; without one that which {@link noRun} makes up. */
  readonly moment?: RunMoment | undefined;
  /** Names whose values are made when they are looked at. */
  readonly made?: Readonly<Record<string, () => Value>> | undefined;
  /** Whether it is that of a data test, which is asked at each run. */
  readonly isTest?: boolean | undefined;
  /** Where `print_table()` of a result goes to. */
  readonly print?: ((text: string) => unknown) | undefined;
  /** Other names: `this`, `model`, arguments of a test. */
  readonly names: Readonly<Record<string, Value>>;
}

/** dbt's names for one rendering: https://docs.getdbt.com/reference/dbt-jinja-functions */
export function contextScope(
  settings: ProjectSettings,
  template: TemplateNames,
  dispatch: () => Callable,
  render: (text: string) => string,
): Scope {
  const scope = new Scope();
  const set = (names: Readonly<Record<string, Value>>): void => {
    for (const [name, value] of Object.entries(names)) scope.set(name, value);
  };
  const { target } = settings;
  const references = template.resolver === null ? {} : referenceFunctions(template.resolver);
  const config = configObject(template.config);
  const { interview = null, resolver } = template;
  const warehouse = warehouseNames({
    interview,
    relationAt: (schema, identifier) => resolver?.relationAt(schema, identifier) ?? null,
    inSql: (sql) => resolver?.inSql(sql) ?? sql,
    mayFollowClock: () => mayFollowClock(template),
    print: template.print,
  });
  const own: Record<string, Value> = {
    ...GLOBALS,
    ...UNSUPPORTED,
    ...references,
    ...warehouse.names,
    api: new Thing('api', {
      Relation: new Thing('api.Relation', {
        create: createRelation,
        add_ephemeral_prefix: ({ positional }) => ephemeralName(text(positional[0] ?? '')),
      }),
      Column: COLUMN_CLASS,
    }),
    adapter: new Thing('adapter', {
      ...warehouse.adapter,
      dispatch: (args) => dispatch()(args),
      quote: (args) => quoteIdentifier(stringArgument('adapter.quote()', args.positional[0])),
      quote_as_configured: ({ positional }) => quoteIdentifier(stringArgument('quote_as_configured()', positional[0])),
      quote_seed_column: ({ positional: [column, quoted] }) => {
        const name = stringArgument('quote_seed_column()', column);
        return truthy(quoted ?? true) ? quoteIdentifier(name) : name;
      },
      type: () => 'duckdb',
    }),
    config,
    doc: documentation(settings.docs),
    env_var: environmentVariable(settings.env),
    dbt_version: DBT_VERSION,
    execute: interview !== null,
    // while templates are parsed the graph is empty, as in dbt
    graph: interview === null || resolver === null ? new Map<Value, Value>() : resolver.graph(),
    is_incremental: () => false,
    local_md5: ({ positional }) =>
      createHash('md5')
        .update(text(positional[0] ?? ''))
        .digest('hex'),
    project_name: settings.name,
    database: DATABASE,
    schema: target.schema,
    target: recordValue('target', {
      name: target.name,
      target_name: target.name,
      schema: target.schema,
      database: DATABASE,
      type: 'duckdb',
      profile_name: target.profile,
      threads: 1,
    }),
    var: variable(settings.vars, render),
    dbt_metadata_envs: new Map<Value, Value>(),
    ...template.names,
  };
  set(own);
  // as they are where a macro of the project has the name of one of them
  set({ builtins: new Thing('builtins', own), context: contextValue(scope) });
  for (const [name, make] of Object.entries(template.made ?? {})) scope.setMade(name, make);
  setRunNames(scope, template.moment ?? noRun());
  return scope;
}

/** A model that says so, or a data test that is no gate. */
function mayFollowClock({ config: { declared, captured }, isTest = false }: TemplateNames): boolean {
  const merged = mergeConfig(declared, captured);
  const meta = merged['meta'];
  const said = (key: string): unknown =>
    merged[key] ?? (typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>)[key] : undefined);
  return isTest ? said('gate') !== true : said('nondeterministic') === 'allow';
}

function referenceFunctions(resolver: Resolver): Record<string, Value> {
  return {
    ref(args: Arguments): Value {
      const version = args.named.get('version') ?? args.named.get('v') ?? null;
      const [wrong] = [...args.named.keys()].filter((key) => key !== 'v' && key !== 'version');
      if (wrong !== undefined) throw new TemplateError(`ref() has no argument ${wrong}`, "write ref('model', v=1)");
      const names = args.positional.map((one) => stringArgument('ref()', one));
      const [first, second] = names;
      if (first === undefined || names.length > 2)
        throw new TemplateError('ref() takes a model, or a project and a model');
      const v = version === null ? null : text(version);
      return second === undefined ? resolver.ref(first, null, v) : resolver.ref(second, first, v);
    },
    source(args: Arguments): Value {
      const { source_name: source, table_name: table } = bind('source', args, ['source_name', 'table_name']);
      return resolver.source(stringArgument('source()', source), stringArgument('source()', table));
    },
  };
}

/** dbt's `config`: called, it adds to the configuration and prints nothing; `get` and `require` read it. */
function configObject(config: ConfigCapture): Thing {
  const read = (name: string): Value | undefined => {
    const merged = mergeConfig(config.declared, config.captured);
    return Object.hasOwn(merged, name) && merged[name] !== null ? fromJs(merged[name]) : undefined;
  };
  const get: Callable = (args) => {
    const { name, default: fallback } = bind('config.get', args, ['name', 'default']);
    return read(stringArgument('config.get()', name)) ?? fallback ?? null;
  };
  const require: Callable = (args) => {
    const name = stringArgument('config.require()', args.positional[0]);
    const value = read(name);
    if (value === undefined) throw new TemplateError(`config.require(): ${name} is not configured`);
    return value;
  };
  const call: Callable = ({ positional, named }) => {
    const [first] = positional;
    if (positional.length > 1 || (first !== undefined && !(first instanceof Map))) {
      throw new TemplateError('config() takes keyword arguments', "write config(materialized='table')");
    }
    config.captured = mergeConfig(config.captured, {
      ...(first === undefined ? {} : (toJs(first) as Record<string, unknown>)),
      ...Object.fromEntries([...named].map(([name, value]) => [name, toJs(value)])),
    });
    return '';
  };
  const set: Callable = (args) => {
    const { name, value } = bind('config.set', args, ['name', 'value']);
    return call({ positional: [], named: new Map([[stringArgument('config.set()', name), value ?? null]]) });
  };
  return new Thing('config', { get, require, set }, { call });
}

/** `var()`: a text that holds Jinja is rendered where it is asked for, as dbt does. */
function variable(vars: Readonly<Record<string, unknown>>, render: (text: string) => string): Thing {
  const call: Callable = (args) => {
    const { name, default: fallback } = bind('var', args, ['name', 'default']);
    const key = stringArgument('var()', name);
    if (Object.hasOwn(vars, key)) {
      const value = vars[key];
      return typeof value === 'string' && /\{[{%]/.test(value) ? render(value) : fromJs(value);
    }
    if (fallback !== undefined) return fallback;
    const near = closestName(key, Object.keys(vars));
    throw new TemplateError(
      `the variable ${key} is not set`,
      near === undefined ? 'set it under vars: in dbt_project.yml, or give var() a default' : `did you mean ${near}?`,
    );
  };
  return new Thing('var', { has_var: ({ positional }) => Object.hasOwn(vars, text(positional[0] ?? '')) }, { call });
}

/** `doc('name')`, or with the project before it. */
function documentation(docs: ReadonlyMap<string, DocBlock>): Callable {
  return ({ positional }) => {
    const name = positional.map((argument) => stringArgument('doc()', argument)).join('.');
    const found = docs.get(name);
    if (found !== undefined) return found.text;
    const near = closestName(name, [...docs.keys()]);
    throw new TemplateError(
      `there is no docs block ${name}`,
      near === undefined ? 'write {% docs NAME %} in a Markdown file beside the models' : `did you mean ${near}?`,
    );
  };
}

function environmentVariable(env: Readonly<Record<string, string | undefined>>): Callable {
  return (args) => {
    const { var: name, default: fallback } = bind('env_var', args, ['var', 'default']);
    const key = stringArgument('env_var()', name);
    const value = env[key] ?? fallback;
    if (value === undefined)
      throw new TemplateError(`the environment variable ${key} is not set`, 'set it, or give env_var() a default');
    return value;
  };
}

const NO_WAREHOUSE = 'rendering does not read the warehouse';
const unsupported = (names: readonly string[], why: string): [string, Value][] =>
  names.map((name) => [
    name,
    new Undefined(name, {
      unsupported: true,
      problem: `${name} is not supported here: ${why}`,
      hint: 'write what it gives into the model, or set it under vars:',
    }),
  ]);

/** Names dbt has and this product does not, with the reason. */
const UNSUPPORTED: Readonly<Record<string, Value>> = Object.fromEntries(
  unsupported(['store_result', 'store_raw_result'], NO_WAREHOUSE),
);
