import { existsSync } from 'node:fs';
import { release, type } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { LensError, messageOf } from '../../core/errors.ts';
import type { Settings } from '../../core/settings.ts';
import { liveFile } from '../../materializer/editions-file.ts';
import { withWarehouseReads } from '../../service/hold-warehouse.ts';
import { openLog } from '../../service/open-log.ts';
import { openCatalog, openProject } from '../../service/open-project.ts';
import { checkTopics } from '../../topics/manage-topics.ts';
import { duckdbVersion } from '../../warehouse/duckdb-version.ts';
import { invocationOf } from '../invocation.ts';
import { NodeConsole } from '../node-console.ts';
import { counted } from '../numbers.ts';
import { packageVersion } from '../package-version.ts';

/** A check: gives what is fine about it, or throws what is not. */
type Check = () => Promise<string>;

/** `lens debug`: exit 1 when a check fails. */
export function debugCommand(): Command {
  return new Command('debug')
    .description('versions, and whether project, topics, log and warehouse can be read')
    .addHelpText('after', '\nExamples:\n  $ lens debug')
    .action(async (_: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const console = new NodeConsole(output.timed());
      const projectDir = path.resolve(settings.projectDir);
      console.line(`lens version: ${packageVersion()}`);
      console.line(`node version: ${process.versions.node}`);
      console.line(`duckdb version: ${duckdbVersion()}`);
      console.line(`os info: ${type()} ${release()} ${process.arch}`);
      console.line(`Using dbt_project.yml file at ${path.join(projectDir, 'dbt_project.yml')}`);
      const file = path.join(projectDir, 'lens.yml');
      console.line(existsSync(file) ? `Using lens.yml file at ${file}` : 'No lens.yml file: settings are the defaults');
      const failures: string[] = [];
      const check = async (name: string, run: Check): Promise<void> => {
        try {
          const fine = await run();
          console.line(`  ${name} [${console.paint('green', `OK ${fine}`)}]`);
        } catch (error) {
          const hint = error instanceof LensError && error.hint !== undefined ? `; ${error.hint}` : '';
          failures.push(`${name}: ${messageOf(error)}${hint}`);
          console.line(`  ${name} [${console.paint('red', 'ERROR')}]`, { name: 'Note', code: 'Z050', level: 'error' });
        }
      };
      console.line('Configuration:');
      await check('project', () => projectCheck(settings));
      await check('topic contracts', async () => counted(openCatalog(settings).contracts.length, 'contract'));
      console.line('Connection:');
      await check('log', () => logCheck(settings));
      await check('warehouse', () => warehouseCheck(settings));
      console.gap();
      if (failures.length === 0) {
        console.line(console.paint('green', 'All checks passed!'));
        return;
      }
      console.line(console.paint('red', `${counted(failures.length, 'check')} failed:`), FAILED);
      for (const failure of failures) console.line(failure, FAILED);
      process.exitCode = 1;
    });
}

const FAILED = { name: 'Note', code: 'Z050', level: 'error' } as const;

async function projectCheck(settings: Settings): Promise<string> {
  const { models, tests, sources, warnings } = await openProject(settings);
  const found = `${counted(models.length, 'model')}, ${counted(tests.length, 'data test')}, ${counted(sources.length, 'source')}`;
  return warnings.length === 0 ? `found and valid: ${found}` : `${found}, ${counted(warnings.length, 'warning')}`;
}

async function logCheck(settings: Settings): Promise<string> {
  if (settings.brokers.length === 0 && !existsSync(path.join(settings.dataDir, 'log.sqlite'))) {
    return 'none yet: without brokers lens run makes one in the data folder';
  }
  await using log = openLog(settings, 'read');
  const differences = await checkTopics(log, openCatalog(settings));
  const wrong = differences.find(({ kind }) => kind !== 'missing');
  if (wrong !== undefined) {
    throw new LensError('LOG_TOPIC_MISMATCH', `${wrong.topic}: ${wrong.problem}`, { hint: 'lens topics apply' });
  }
  const missing = [...new Set(differences.map(({ topic }) => topic))];
  const todo = missing.length === 0 ? '' : `; lens run will create ${missing.join(', ')}`;
  return `connection ok: ${log.description}${todo}`;
}

async function warehouseCheck(settings: Settings): Promise<string> {
  const file = liveFile(settings.dataDir);
  if (!existsSync(file)) return `none yet: lens run makes ${file}`;
  return withWarehouseReads(
    settings,
    () => {},
    async (operations) => {
      const { state, service, warehouse, recordsApplied } = await operations.status();
      const by = service ? ', held by a running service' : '';
      return `${warehouse}: ${state}, ${counted(recordsApplied, 'record')} applied${by}`;
    },
  );
}
