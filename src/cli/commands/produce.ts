import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { fileProblem, LensError } from '../../core/errors.ts';
import { publishedBefore } from '../../ingest/topic-publisher.ts';
import { openLog } from '../../service/open-log.ts';
import { openCatalog } from '../../service/open-project.ts';
import type { LogWriter } from '../../log/event-log.ts';
import { createMissingTopics } from '../../topics/create-missing-topics.ts';
import type { RecordJson } from '../../topics/record-json.ts';
import { invocationOf } from '../invocation.ts';
import { counted } from '../numbers.ts';
import { Progress } from '../progress.ts';
import { publishTable, tablesIn } from '../produce-tables.ts';
import { readLines } from '../read-lines.ts';
import { parseRecordLine } from '../record-line.ts';

interface ProduceFlags {
  readonly from?: string;
}

/** `lens produce TOPIC [FILE]`, `lens produce [TOPIC] --from PLACE`. */
export function produceCommand(): Command {
  return new Command('produce')
    .description("publish JSON lines, or the rows of tables in files, encoded by the topic's contract")
    .argument('[topic]', 'topic of the project; with --from all that have a table there when missing')
    .argument('[file]', 'JSON lines; standard input when missing or -')
    .option('--from <place>', 'rows of a DuckDB file, a CSV, Parquet or JSON file, or a folder of such files')
    .addHelpText(
      'after',
      `
A line is {"key"?, "value": {...} | null, "partition"?, "timestamp"?}; without a key it is taken from the value, null as
value deletes the key's row, "valueBase64" and "keyBase64" send bytes as they are. Empty lines are passed over.

Examples:
  $ lens produce users new-users.jsonl
  $ echo '{"key": 7, "value": null}' | lens produce users
  $ lens produce --from dev.duckdb
  $ lens produce users --from data/users.csv`,
    )
    .action(async (topic: string | undefined, file: string | undefined, flags: ProduceFlags, command: Command) => {
      const { settings, output } = invocationOf(command);
      if (topic === undefined && flags.from === undefined) {
        throw new LensError('USAGE', 'no topic is named', { hint: 'lens produce TOPIC [FILE], or --from PLACE' });
      }
      if (flags.from !== undefined && file !== undefined) {
        throw new LensError('USAGE', `--from and ${file} exclude each other`, { hint: 'leave one of them out' });
      }
      const catalog = openCatalog(settings);
      if (topic !== undefined) catalog.contract(topic);
      const tables = flags.from === undefined ? null : await tablesIn(flags.from, topic, settings, catalog);
      await using files = tables?.files ?? null;
      const input = files === null ? await openInput(file) : null;
      await using log = openLog(settings);
      const created = await createMissingTopics(log, catalog);
      if (created.length > 0) output.notice(`created topics ${created.join(', ')}`);
      using progress = new Progress(output);
      await using writer = await log.write();
      const said = (name: string, records: number): void =>
        output.line(`published ${counted(records, 'record')} to ${name}`, { event: 'produced', topic: name, records });
      for (const one of tables?.found ?? []) said(one.topic, await publishTable(one, catalog, writer, progress));
      for (const name of tables?.missing ?? []) output.notice(`${name}: there is no such table in ${flags.from}`);
      if (input === null || topic === undefined) return;
      const partitions = (await log.topics([topic])).get(topic)?.partitions ?? catalog.contract(topic).partitions;
      said(topic, await publishLines(input, { topic, partitions, json: catalog.json(topic) }, writer, progress));
    });
}

interface LinesTarget {
  readonly topic: string;
  readonly partitions: number;
  readonly json: RecordJson;
}

async function publishLines(
  input: { readonly name: string; readonly stream: AsyncIterable<Uint8Array> },
  { topic, partitions, json }: LinesTarget,
  writer: LogWriter,
  progress: Progress,
): Promise<number> {
  let published = 0;
  for await (const { text, number } of readLines(input.stream, input.name)) {
    if (text.trim() === '') continue;
    let record;
    try {
      record = await parseRecordLine(text, json, partitions);
    } catch (error) {
      if (!(error instanceof LensError) || error.code !== 'INPUT_INVALID') throw error;
      await writer.flush();
      throw new LensError('INPUT_INVALID', `${error.message}; ${publishedBefore(published)}`, {
        place: `${input.name}:${number}`,
        hint: error.hint,
        cause: error,
        fields: { published, line: number },
      });
    }
    const { key, value, partition, timestamp } = record;
    writer.add(topic, key, value, { partition, timestamp });
    await writer.drain();
    progress.update(`publishing to ${topic}`, ++published, null);
  }
  await writer.flush();
  return published;
}

async function openInput(file: string | undefined): Promise<{ name: string; stream: AsyncIterable<Uint8Array> }> {
  if (file === undefined || file === '-') return { name: 'standard input', stream: process.stdin };
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) throw new Error('it is a folder');
    return { name: file, stream: handle.createReadStream() as AsyncIterable<Uint8Array> };
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot read ${file}: ${fileProblem(error)}`, {
      place: file,
      cause: error,
    });
  }
}
