import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Command, Option } from 'commander';
import { fileProblem, LensError } from '../../core/errors.ts';
import type { RedriveRequest } from '../../materializer/dead-letters/dead-letter-contract.ts';
import { placeText } from '../../materializer/dead-letters/dead-letter-contract.ts';
import { countedLetters, shownLetters } from '../../materializer/dead-letters/letter-reads.ts';
import { withWarehouse, withWarehouseReads } from '../../service/hold-warehouse.ts';
import { openCatalog } from '../../service/open-project.ts';
import type { TopicCatalog } from '../../topics/catalog.ts';
import { decodeWithAnySchema } from '../../topics/decode-with-any-schema.ts';
import { eventPrinter, noticePrinter } from '../event-printer.ts';
import { invocationOf, type Invocation } from '../invocation.ts';
import { age, letterFilter, type LetterFlags, placeOf } from '../letter-arguments.ts';
import { letterListText, letterText, redriveText } from '../letter-text.ts';
import { wholeNumber } from '../number-arguments.ts';
import { counted } from '../numbers.ts';
import { Progress } from '../progress.ts';
import { parseRecordLine } from '../record-line.ts';

/** `lens dlq list|show|redrive|purge`. */
export function dlqCommand(): Command {
  const dlq = new Command('dlq').description('dead letters: records that could not become rows');
  for (const command of [listCommand(), showCommand(), redriveCommand(), purgeCommand()]) dlq.addCommand(command);
  return dlq;
}

function filtered(command: Command): Command {
  return command
    .option('--topic <topic>', 'only of this topic')
    .option('--reason <code>', 'only of this reason code (docs/topics.md, "Dead letters")');
}

function listCommand(): Command {
  return filtered(new Command('list'))
    .description('dead letters, and how many there are by topic and reason')
    .addOption(
      new Option('--status <status>', 'which of them')
        .choices(['open', 'redriven', 'superseded', 'all'])
        .default('open'),
    )
    .option('--limit <letters>', 'name at most so many', wholeNumber(0), 20)
    .option('--json', 'as one JSON object')
    .addHelpText(
      'after',
      '\nExamples:\n  $ lens dlq list\n  $ lens dlq list --topic users --reason check_failed --json',
    )
    .action(async (flags: LetterFlags & { limit: number; json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const filter = letterFilter([], flags);
      const [counts, letters] = await withWarehouseReads(settings, noticePrinter(output), async (reads) => [
        await countedLetters(reads, filter),
        await shownLetters(reads, filter, flags.limit),
      ]);
      const json = flags.json === true || output.format === 'json';
      const whole = { counts, letters };
      output.result(json ? JSON.stringify(whole, null, flags.json === true ? 2 : 0) : letterListText(counts, letters));
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('everything of one dead letter: bytes, headers, reason, and what its bytes mean')
    .argument('<place...>', 'TOPIC/PARTITION/OFFSET')
    .option('--json', 'as one JSON object; its field decoded is a line that lens dlq redrive --edit takes')
    .addHelpText('after', '\nExamples:\n  $ lens dlq show users/0/12\n  $ lens dlq show users 0 12 --json')
    .action(async (words: string[], flags: { json?: boolean }, command: Command) => {
      const { settings, output } = invocationOf(command);
      const place = placeOf(words);
      const [letter] = await withWarehouseReads(settings, noticePrinter(output), (reads) =>
        shownLetters(reads, { place }, 1),
      );
      if (letter === undefined) {
        throw new LensError('DEAD_LETTER_NOT_FOUND', `there is no dead letter ${placeText(place)}`, {
          hint: 'lens dlq list --status all names them',
        });
      }
      const { keyBase64, valueBase64 } = letter;
      const decoded = await decodeWithAnySchema(openCatalog(settings), place, bytesOf(keyBase64), bytesOf(valueBase64));
      const json = flags.json === true || output.format === 'json';
      const whole = { ...letter, decoded };
      output.result(json ? JSON.stringify(whole, null, flags.json === true ? 2 : 0) : letterText(letter, decoded));
    });
}

interface RedriveFlags extends LetterFlags {
  readonly edit?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

function redriveCommand(): Command {
  return filtered(new Command('redrive'))
    .description('let dead letters count as the records they should have been; exit 1 when one is rejected again')
    .argument('[place...]', 'TOPIC/PARTITION/OFFSET; without it all open ones of the filter')
    .option('--edit <file>', 'a JSON line as lens produce takes it, in place of its bytes; - is standard input')
    .option('--dry-run', 'say what would be done')
    .option('--force', 'also over a newer record of the key')
    .addHelpText(
      'after',
      `
Nothing is published: the record counts at its own place of the log, in this warehouse and in every replay into it, once
however often it is redriven. Where a newer record of its key was applied it is superseded, and changes nothing.

Examples:
  $ lens dlq redrive --topic users --reason check_failed
  $ lens dlq redrive users/0/12 --edit mended.json`,
    )
    .action(async (words: string[], flags: RedriveFlags, command: Command) => {
      const invocation = invocationOf(command);
      const { settings, output } = invocation;
      const { dryRun, force } = flags;
      const request = {
        filter: letterFilter(words, flags),
        edit: await editOf(invocation, words, flags),
        dryRun,
        force,
      };
      using progress = new Progress(output);
      const opening = { onEvent: eventPrinter(output, progress), create: false } as const;
      const { letters, rowsChanged } = await withWarehouse(settings, opening, (all) => all.letters.redrive(request));
      const data = { event: 'redrive', letters, rowsChanged, dryRun: dryRun === true };
      if (letters.length === 0) output.line('no open dead letters', data);
      else output.line(redriveText(letters, dryRun === true), data);
      const rejected = letters.filter(({ outcome }) => outcome === 'rejected').length;
      if (rejected > 0) {
        const text = `${counted(rejected, 'dead letter')} rejected again, still open`;
        output.failure(text, { event: 'rejected', letters: rejected });
      }
    });
}

/** The edited payload, encoded by the topic's contract. USAGE without a place; INPUT_INVALID, INPUT_UNREADABLE. */
async function editOf(
  { settings }: Invocation,
  words: readonly string[],
  { edit }: RedriveFlags,
): Promise<RedriveRequest['edit']> {
  if (edit === undefined) return undefined;
  if (words.length === 0) {
    throw new LensError('USAGE', 'an edited payload is for one dead letter', {
      hint: 'name it: lens dlq redrive TOPIC/PARTITION/OFFSET --edit FILE',
    });
  }
  const catalog: TopicCatalog = openCatalog(settings);
  const json = catalog.json(catalog.contract(placeOf(words).topic).name);
  const file = edit === '-' ? 0 : edit;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot read ${edit}: ${fileProblem(error)}`, {
      place: edit,
      cause: error,
    });
  }
  try {
    const { key, value } = await parseRecordLine(text, json, Number.POSITIVE_INFINITY);
    return { keyBase64: base64Of(key), valueBase64: base64Of(value) };
  } catch (error) {
    if (!(error instanceof LensError) || error.code !== 'INPUT_INVALID') throw error;
    throw new LensError('INPUT_INVALID', error.message, {
      place: edit === '-' ? 'standard input' : edit,
      hint: error.hint,
      cause: error,
    });
  }
}

interface PurgeFlags extends LetterFlags {
  readonly yes?: boolean;
}

function purgeCommand(): Command {
  return filtered(new Command('purge'))
    .description('remove dead letters with their bytes; redriven ones stay, since the tables are made from them')
    .argument('[place...]', 'TOPIC/PARTITION/OFFSET; without it all of the filter')
    .option('--older-than <age>', 'only those kept so long ago: 30d, 12h, 15m', age)
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nExamples:\n  $ lens dlq purge --older-than 30d\n  $ lens dlq purge users/0/12 --yes')
    .action(async (words: string[], flags: PurgeFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      const filter = { ...letterFilter(words, flags), status: ['open', 'superseded'] as const };
      if (flags.yes !== true) {
        const counts = await withWarehouseReads(settings, noticePrinter(output), (reads) =>
          countedLetters(reads, filter),
        );
        const letters = counts.reduce((sum, one) => sum + one.letters, 0);
        if (letters > 0 && !(await confirmed(`remove ${counted(letters, 'dead letter')} for good?`))) {
          output.failure('nothing was removed', { event: 'purge', purged: 0 });
          return;
        }
      }
      using progress = new Progress(output);
      const opening = { onEvent: eventPrinter(output, progress), create: false } as const;
      const { purged } = await withWarehouse(settings, opening, (all) => all.letters.purge(filter));
      output.line(`removed ${counted(purged, 'dead letter')}`, { event: 'purge', purged });
    });
}

async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new LensError('USAGE', `${question} Nobody is there to answer`, { hint: '--yes answers it' });
  }
  using lines = createInterface({ input: process.stdin, output: process.stderr });
  return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
}

function bytesOf(base64: string | null): Uint8Array | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}

function base64Of(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('base64');
}
