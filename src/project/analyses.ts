import { LensError } from '../core/errors.ts';
import { describe, describeColumns, docBlocksOf } from './columns.ts';
import { type ModelAccess, withEphemerals } from './compile.ts';
import { mergeConfig, type Config } from './config-tree.ts';
import type { Template } from './jinja/template.ts';
import { parseFile } from './macro-library.ts';
import { isEnabled, tagsOf, twice } from './model-files.ts';
import { columnRecords, nodeValue, relationNames, type NamedNode, uniqueId } from './node-names.ts';
import type { Analysis, RelationNaming } from './project-contract.ts';
import { imposedOn, treeOf, writtenFor, type ProjectPart } from './project-part.ts';
import { filesBelow, fileText, foldersBelow, stem } from './project-files.ts';
import type { Properties } from './properties.ts';
import { Interview, type Answers, withoutWaiting } from './questions.ts';
import { ReferenceCapture, type ReferenceTable } from './references.ts';
import { qualified } from './relation-naming.ts';
import { relationValue } from './relation-values.ts';
import { testRun } from './run-moment.ts';

/** What analyses need to render themselves. */
export interface AnalysisSurroundings {
  readonly references: ReferenceTable;
  /** Renders models for the ephemeral ones an analysis reads. */
  models(naming: RelationNaming): ModelAccess;
}

/** A file of the `analysis-paths` with what is declared of it. */
export interface AnalysisFile {
  readonly part: ProjectPart;
  readonly name: string;
  readonly path: string;
  readonly rawSql: string;
  readonly properties: Properties | undefined;
}

/** All analyses/**.sql of a part. PROJECT_INVALID for two of one name. */
export function readAnalyses(
  dir: string,
  part: ProjectPart,
  properties: ReadonlyMap<string, Properties>,
): AnalysisFile[] {
  const found = new Map<string, AnalysisFile>();
  for (const path of part.file.analysisPaths.flatMap((folder) => filesBelow(dir, folder, /\.sql$/))) {
    const name = stem(path);
    const other = found.get(name);
    if (other !== undefined) throw twice('analysis', name, other.path, path);
    found.set(name, { part, name, path, rawSql: fileText(dir, path), properties: properties.get(name) });
  }
  return [...found.values()];
}

/**
 * The enabled analyses. One that cannot be rendered holds nobody up, since nothing runs it: it is left out, with a warning (dbt ends).
 */
export function makeAnalyses(
  files: readonly AnalysisFile[],
  surroundings: AnalysisSurroundings,
): { readonly analyses: readonly Analysis[]; readonly warnings: readonly string[] } {
  const analyses: Analysis[] = [];
  const warnings: string[] = [];
  for (const file of files) {
    try {
      const made = makeAnalysis(file, surroundings);
      if (made !== null) analyses.push(made);
    } catch (error) {
      if (!(error instanceof LensError)) throw error;
      warnings.push(`${error.place ?? file.path}: the analysis ${file.name} is left out: ${error.message}`);
    }
  }
  return { analyses, warnings };
}

/** Null for one that is not enabled. */
function makeAnalysis(file: AnalysisFile, surroundings: AnalysisSurroundings): Analysis | null {
  const { part, name, path, rawSql, properties: said } = file;
  const { engine } = part;
  const fqn = [part.file.name, 'analysis', ...foldersBelow(path, part.file.analysisPaths), name];
  const own = said === undefined ? {} : (engine.yaml(said.config, said.yaml.place(said.at)) as Config);
  // dbt does not apply its `analyses:` tree, but that of models
  const declared = mergeConfig(treeOf(part, 'models', fqn), own);
  const imposed = imposedOn(part, 'models', fqn);
  if (!isEnabled(mergeConfig(declared, imposed))) return null;
  const template = parseFile(rawSql, path);
  const more = { raw_code: rawSql, language: 'sql', columns: columnRecords(said?.columns ?? []) };
  const node = { resourceType: 'analysis', name, version: null, packageName: part.file.name, path, fqn, more } as const;
  const render = (resolver: ReferenceCapture, answers?: Answers): { readonly sql: string; readonly captured: Config } =>
    rendered(template, node, part, { resolver, declared: mergeConfig(declared, imposed), answers });
  const capture = new ReferenceCapture(surroundings.references, qualified, part.file.name);
  let captured: Config;
  try {
    ({ captured } = render(capture));
  } catch (error) {
    if (capture.metDisabled) return null;
    throw error;
  }
  const config = mergeConfig(mergeConfig(declared, captured), imposed);
  if (!isEnabled(config)) return null;
  return {
    name,
    uniqueId: uniqueId(node),
    packageName: part.file.name,
    path,
    describedAt: said === undefined ? null : said.yaml.place(said.at),
    fqn,
    ...relationNames(node, config, engine),
    config,
    writtenConfig: { ...writtenFor(part, 'models', fqn, {}), ...captured },
    tags: tagsOf(config).sort(),
    description: said === undefined ? '' : describe(said, engine),
    docBlocks: said === undefined ? [] : docBlocksOf(said, engine),
    columns: said === undefined ? [] : describeColumns(said, new Map(), engine),
    rawSql,
    dependsOn: capture.dependsOn,
    sql: (naming, answers) => {
      const resolver = new ReferenceCapture(surroundings.references, naming, part.file.name);
      const { sql } = withoutWaiting(`analysis ${name}`, path, () => render(resolver, answers));
      return withEphemerals(sql, resolver.dependsOn, surroundings.models(naming));
    },
  };
}

interface Rendering {
  readonly resolver: ReferenceCapture;
  readonly declared: Config;
  /** While it is parsed there are none. */
  readonly answers: Answers | undefined;
}

function rendered(
  template: Template,
  node: NamedNode,
  { engine }: ProjectPart,
  { resolver, declared, answers }: Rendering,
): { readonly sql: string; readonly captured: Config } {
  const { schema, alias } = relationNames(node, declared, engine);
  const config = { declared, captured: {} as Config };
  const sql = engine.render(template, {
    resolver,
    config,
    interview: answers === undefined ? undefined : Interview.first(answers),
    moment: testRun(),
    isTest: true,
    names: {
      this: relationValue({ kind: 'model', name: node.name, schema, identifier: alias }),
      model: nodeValue(node, declared),
    },
  });
  return { sql, captured: config.captured };
}
