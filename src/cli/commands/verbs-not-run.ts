import { Command } from 'commander';
import { LensError } from '../../core/errors.ts';
import { openProject } from '../../service/open-project.ts';
import { invocationOf } from '../invocation.ts';

/** A command of dbt that is named, and not run here. */
interface VerbNotRun {
  readonly name: string;
  /** Of the arguments. */
  readonly usage: string;
  readonly why: string;
  readonly instead: string;
  /** What makes it nothing to do, as in dbt, and therefore no error. */
  readonly unless?: (names: ReadonlyMap<string, string>) => boolean;
}

/** `lens snapshot`. */
export function snapshotCommand(): Command {
  return verbNotRun({
    name: 'snapshot',
    usage: 'snapshot',
    why: 'snapshots are not run',
    instead: 'a topic in mode append keeps every version of a row, for a model to make the periods of',
    unless: (leftOut) => ![...leftOut.values()].some((why) => why.includes('one of the snapshots')),
  });
}

/** `lens clone`. */
export function cloneCommand(): Command {
  return verbNotRun({
    name: 'clone',
    usage: 'clone --state DIR',
    why: 'relations are not cloned from another warehouse',
    instead: 'lens run --full-refresh builds a next edition beside the live one, lens query --edition asks another one',
  });
}

/** Refuses with what to use in its place, whatever flags it is given. USAGE. */
function verbNotRun({ name, usage, why, instead, unless }: VerbNotRun): Command {
  return new Command(name)
    .description(`dbt's; ${why}`)
    .argument('[words...]', "dbt's arguments")
    .allowUnknownOption()
    .addHelpText('after', `\n${instead}\n\nExamples:\n  $ lens ${usage}`)
    .action(async (words: string[], _: unknown, command: Command) => {
      if (unless !== undefined) {
        const { settings, output } = invocationOf(command);
        if (unless((await openProject(settings)).leftOut)) {
          output.notice('Nothing to do. Try checking your model configs and model specification args');
          return;
        }
      }
      const what = words[0]?.startsWith('-') === false ? `${name} ${words[0]}` : name;
      throw new LensError('USAGE', `lens ${what} is not there: ${why}`, { hint: instead });
    });
}
