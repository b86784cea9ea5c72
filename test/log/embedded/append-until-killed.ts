/** A process that appends numbered records to an embedded log for ever: argv FILE TOPIC PARTITIONS; tells the parent what is durable. */
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';

const [file, topic, partitions] = process.argv.slice(2) as [string, string, string];
await using log = openEmbeddedLog(file);
await using writer = await log.write();
for (let i = 0; ; i++) {
  const options = { partition: i % Number(partitions) };
  writer.add(topic, null, Buffer.from(`${i} ${'.'.repeat(i % 300)}`), options);
  if (i % 37 !== 0) continue;
  await writer.flush();
  await new Promise((resolve) => process.send?.(i + 1, resolve));
}
