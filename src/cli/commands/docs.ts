import { plannableProject } from '../../materializer/buildable-project.ts';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import type { Settings } from '../../core/settings.ts';
import type { WarehouseStatus } from '../../materializer/operations.ts';
import { unfedSources } from '../../materializer/raw-tables.ts';
import { usableProject } from '../../materializer/seeds/usable-seeds.ts';
import { catalogOf } from '../../project/artifacts/catalog.ts';
import type { Project } from '../../project/project-contract.ts';
import { RESOURCE_TYPES } from '../../project/resource-graph.ts';
import { withService, withWarehouseReads } from '../../service/hold-warehouse.ts';
import { nodeSql } from '../../service/node-sql.ts';
import { presentProject } from '../../service/present-project.ts';
import { openCatalog } from '../../service/open-project.ts';
import { docsData, docsStatus } from '../docs/docs-data.ts';
import { docsPage } from '../docs/docs-page.ts';
import { serveDocs } from '../docs/docs-server.ts';
import { storedRelations, type StoredRelations } from '../docs/stored-relations.ts';
import { noticePrinter } from '../event-printer.ts';
import { explainedPlans } from '../explained-plans.ts';
import { interruption } from '../interruption.ts';
import { invocationOf } from '../invocation.ts';
import { manifestJson } from '../manifest-file.ts';
import { type ModelSeen, modelsSeenBy } from '../models-seen.ts';
import { wholeNumber } from '../number-arguments.ts';
import { counted } from '../numbers.ts';
import type { Output } from '../output.ts';
import { artifactMetadata } from '../run-results-file.ts';
import {
  selectedResources,
  selectionOf,
  selects,
  type SelectionFlags,
  withSelectionFlags,
} from '../selection-flags.ts';
import { TargetFolder } from '../target-folder.ts';
import { addWarnFlags, openStrictProject } from '../warn-errors.ts';

/** `lens docs generate|serve`. */
export function docsCommand(): Command {
  const docs = new Command('docs').description('pages about the project, and the artifacts behind them');
  docs.addCommand(generateCommand());
  docs.addCommand(serveCommand());
  return docs;
}

interface GenerateFlags extends SelectionFlags {
  readonly emptyCatalog?: boolean;
  readonly compile: boolean;
  readonly static?: boolean;
}

function generateCommand(): Command {
  const command = new Command('generate')
    .description('write manifest.json, catalog.json and index.html to the target folder')
    .option('--empty-catalog', 'do not ask the warehouse')
    .option('--no-compile', 'a manifest without compiled SQL')
    .option('--static', 'write the page as static_index.html, too')
    .option('--target-path <dir>', "where they go; the project's target-path without it");
  return addWarnFlags(withSelectionFlags(command, 'resources'))
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens docs generate\n  $ lens docs generate --select fct_sessions --no-compile',
    )
    .action(async (flags: GenerateFlags, own: Command) => {
      const { settings, output } = invocationOf(own);
      const project = await openStrictProject(settings, flags, (of) => presentProject(of, noticePrinter(output)));
      const topics = openCatalog(settings);
      const known = flags.emptyCatalog === true ? NOTHING_KNOWN : await inWarehouse(settings, project, output);
      const { stored, status } = known;
      const unfed = unfedSources(topics, project);
      if (unfed.length > 0) output.notice(unplanned(unfed.map(({ table }) => table)));
      const plans =
        unfed.length > 0
          ? []
          : await explainedPlans(await plannableProject(await usableProject(project, topics, null)), known.seen);
      const selection = selectionOf(flags, settings);
      const only = selects(selection, project)
        ? idsOf(selectedResources(project, selection, RESOURCE_TYPES, output))
        : null;
      const catalog = catalogOf(project, { metadata: artifactMetadata('catalog', 1), only, ...stored });
      const compiled = flags.compile ? await compiledSql(settings, project, output) : undefined;
      const target = new TargetFolder(settings.projectDir, flags.targetPath);
      const page = docsPage(docsData(project, { stored, status, plans, catalog: topics }, new Date()));
      const files = {
        'manifest.json': JSON.stringify(manifestJson(project, compiled)),
        'catalog.json': JSON.stringify(catalog),
        'index.html': page,
        ...(flags.static === true ? { 'static_index.html': page } : {}),
      };
      for (const [name, text] of Object.entries(files)) {
        const problem = target.write(name, text);
        if (problem !== null) throw new LensError('CONFIG_INVALID', problem, { hint: 'choose another --target-path' });
      }
      const tables = counted(stored.rows.size, 'table');
      output.line(`Catalog written to ${path.join(target.dir, 'catalog.json')}: ${tables} with rows`, {
        event: 'docs',
        target: target.dir,
        tables: stored.rows.size,
      });
    });
}

/** A project of dbt can be shown before it has topics. */
function unplanned(tables: readonly string[]): string {
  const which = `${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ', ...' : ''}`;
  return `no topic feeds ${which}: how models are kept current is not shown; lens topics init writes topics`;
}

/** By unique id, but of models that wait. */
async function compiledSql(settings: Settings, project: Project, output: Output): Promise<ReadonlyMap<string, string>> {
  const ready = [
    ...project.models.filter(({ name }) => !project.waiting.has(name)),
    ...project.analyses,
    ...project.tests.filter(({ problem }) => problem === null),
  ];
  const compiled = new Map<string, string>();
  for (const one of ready) {
    try {
      compiled.set(one.uniqueId, await nodeSql(settings, project, one, noticePrinter(output)));
    } catch (error) {
      // nothing runs an analysis
      if (!(error instanceof LensError) || !project.analyses.some(({ uniqueId }) => uniqueId === one.uniqueId))
        throw error;
      output.notice(`${error.place ?? one.path}: the analysis ${one.name} cannot be compiled: ${error.message}`);
    }
  }
  return compiled;
}

function idsOf(nodes: readonly { readonly uniqueId: string }[]): ReadonlySet<string> {
  return new Set(nodes.map(({ uniqueId }) => uniqueId));
}

/** What a warehouse says of a project. */
interface InWarehouse {
  readonly stored: StoredRelations;
  readonly status: WarehouseStatus | null;
  readonly seen: ReadonlyMap<string, ModelSeen> | null;
}

const NOTHING_KNOWN: InWarehouse = { stored: { columns: [], rows: new Map() }, status: null, seen: null };

/** Without a warehouse the catalog is empty, and that is said. */
async function inWarehouse(settings: Settings, project: Project, output: Output): Promise<InWarehouse> {
  try {
    return await withWarehouseReads(settings, noticePrinter(output), async (reads) => ({
      stored: await storedRelations(reads, project),
      status: await reads.status(),
      seen: await modelsSeenBy(reads),
    }));
  } catch (error) {
    if (!(error instanceof LensError) || error.code !== 'WAREHOUSE_MISSING') throw error;
    output.notice(`${error.message}: the catalog is empty, columns are those of the yml files`);
    return NOTHING_KNOWN;
  }
}

function serveCommand(): Command {
  return new Command('serve')
    .description('serve what lens docs generate wrote, until Ctrl-C')
    .option('--port <port>', 'to listen on; 0 takes a free one', wholeNumber(0), 8080)
    .option('--host <host>', 'to listen on', '127.0.0.1')
    .option('--no-browser', 'open no browser')
    .option('--target-path <dir>', "where it was written; the project's target-path without it")
    .addHelpText('after', '\nExamples:\n  $ lens docs serve --port 8080 --no-browser')
    .action(async (flags: { port: number; host: string; browser: boolean; targetPath?: string }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const { dir } = new TargetFolder(settings.projectDir, flags.targetPath);
      if (!existsSync(path.join(dir, 'index.html'))) {
        throw new LensError('USAGE', `there is no documentation in ${dir}`, { hint: 'lens docs generate writes it' });
      }
      const signal = interruption();
      const askStatus = () =>
        withService(settings, noticePrinter(output), async (reads) => docsStatus(await reads.status()));
      await using server = await serveDocs(dir, flags.host, flags.port, askStatus);
      output.line(`Serving docs at ${server.url}; Ctrl-C ends it`, { event: 'serving', url: server.url });
      if (flags.browser) openBrowser(server.url);
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
    });
}

/** On machines that can; where not, the address stands in the line above. */
function openBrowser(url: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', url]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '', url]
        : ['xdg-open', url];
  spawn(command, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
