import { open } from 'node:fs/promises';
import { Command } from 'commander';
import { LensError, messageOf } from '../../core/errors.ts';
import { openCatalog, openLog } from '../../service/runtime.ts';
import { createMissingTopics } from '../../topics/create-missing-topics.ts';
import { invocationOf } from '../invocation.ts';
import { counted } from '../numbers.ts';
import { Progress } from '../progress.ts';
import { readLines } from '../read-lines.ts';
import { parseRecordLine } from '../record-line.ts';

/** `lens produce TOPIC [FILE]`. */
export function produceCommand(): Command {
  return new Command('produce')
    .description("publish JSON lines, encoded by the topic's contract")
    .argument('<topic>', 'topic of the project')
    .argument('[file]', 'JSON lines; standard input when missing or -')
    .addHelpText(
      'after',
      `
A line is {"key"?, "value": {...} | null, "partition"?, "timestamp"?}; without a key it is taken from the value, null as
value deletes the key's row, "valueBase64" and "keyBase64" send bytes as they are. Empty lines are passed over.

Examples:
  $ lens produce users new-users.jsonl
  $ echo '{"key": 7, "value": null}' | lens produce users`,
    )
    .action(async (topic: string, file: string | undefined, _options: unknown, command: Command) => {
      const { settings, output } = invocationOf(command);
      const catalog = openCatalog(settings);
      const contract = catalog.contract(topic);
      const input = await openInput(file);
      await using log = openLog(settings);
      const created = await createMissingTopics(log, catalog);
      if (created.length > 0) output.notice(`created topics ${created.join(', ')}`);
      const partitions = (await log.topics([topic])).get(topic)?.partitions ?? contract.partitions;
      const json = catalog.json(topic);
      using progress = new Progress(output);
      await using writer = await log.write();
      let published = 0;
      for await (const { text, number } of readLines(input.stream, input.name)) {
        if (text.trim() === '') continue;
        let record;
        try {
          record = await parseRecordLine(text, json, partitions);
        } catch (error) {
          if (!(error instanceof LensError) || error.code !== 'INPUT_INVALID') throw error;
          await writer.flush();
          throw new LensError(
            'INPUT_INVALID',
            `${error.message}; the ${counted(published, 'record')} before it ${published === 1 ? 'is' : 'are'} published`,
            {
              place: `${input.name}:${number}`,
              hint: error.hint,
              cause: error,
              fields: { published, line: number },
            },
          );
        }
        const { key, value, partition, timestamp } = record;
        writer.add(topic, key, value, { partition, timestamp });
        await writer.drain();
        progress.update(`publishing to ${topic}`, ++published, null);
      }
      await writer.flush();
      output.line(`published ${counted(published, 'record')} to ${topic}`, {
        event: 'produced',
        topic,
        records: published,
      });
    });
}

async function openInput(file: string | undefined): Promise<{ name: string; stream: AsyncIterable<Uint8Array> }> {
  if (file === undefined || file === '-') return { name: 'standard input', stream: process.stdin };
  try {
    const handle = await open(file);
    if ((await handle.stat()).isDirectory()) throw new Error('it is a folder');
    return { name: file, stream: handle.createReadStream() as AsyncIterable<Uint8Array> };
  } catch (error) {
    throw new LensError('INPUT_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { place: file, cause: error });
  }
}
