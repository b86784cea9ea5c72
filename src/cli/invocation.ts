import type { Command } from 'commander';
import { LensError } from '../core/errors.ts';
import { SETTINGS } from '../core/setting-table.ts';
import { loadSettings, type Settings } from '../core/settings.ts';
import { Output } from './output.ts';

/** What every command starts from. */
export interface Invocation {
  readonly settings: Settings;
  readonly output: Output;
}

/** The settings of this call: global flags and `--set`, environment, `lens.yml`. CONFIG_INVALID as in loadSettings. */
export function invocationOf(command: Command): Invocation {
  const given = command.optsWithGlobals<Record<string, unknown>>();
  const flags: Record<string, unknown> = {};
  for (const { key, flag } of SETTINGS) {
    if (flag !== undefined) flags[key] = given[flagProperty(flag)];
  }
  for (const assignment of (given['set'] as string[] | undefined) ?? []) {
    const at = assignment.indexOf('=');
    if (at < 1)
      throw new LensError('USAGE', `--set takes KEY=VALUE, not ${assignment}`, { hint: '--set batch.maxRecords=1000' });
    flags[assignment.slice(0, at)] = assignment.slice(at + 1);
  }
  const settings = loadSettings({ flags, env: process.env });
  return { settings, output: new Output(settings) };
}

/** The name commander gives a flag's value: `--data-dir <dir>` is `dataDir`. */
function flagProperty(flag: string): string {
  const name = (flag.split(' ')[0] as string).slice(2);
  return name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
