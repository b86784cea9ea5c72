import path from 'node:path';
import { expect, test } from 'vitest';
import { EventListeners } from '../../src/materializer/event-listeners.ts';
import type { MaterializerEvent } from '../../src/materializer/events.ts';
import { ControlClient } from '../../src/service/control-client.ts';
import { ControlServer } from '../../src/service/control-server.ts';
import { liveService } from '../../src/service/service-file.ts';
import { customer } from '../cli/shop.ts';
import { SHOP, Workshop } from '../materializer/workshop.ts';

test('who asks a service for work hears what the materializer does meanwhile, who reads does not', async () => {
  await using workshop = await Workshop.of(SHOP);
  const logged: MaterializerEvent[] = [];
  const events = new EventListeners((event) => logged.push(event));
  const dataDir = path.join(workshop.dir, 'data');
  await using materializer = await workshop.open({ dataDir, onEvent: events.tell });
  await using _server = await ControlServer.open(materializer, { dataDir, port: 0, events });
  const address = liveService(dataDir);
  if (address === undefined) throw new Error('no service');
  const heard: MaterializerEvent[] = [];
  using client = new ControlClient(address, (event) => heard.push(event));
  const value = customer('ann', 'de');
  await workshop.publish([{ topic: 'customers', key: 'ann', value: value as never }]);
  logged.length = 0;
  const progress: string[] = [];
  await client.run({ onProgress: ({ kind }) => void progress.push(kind) });
  expect(heard.map(({ kind }) => kind)).toEqual(['batch', 'compaction']);
  expect(heard).toEqual(logged);
  expect(heard[0]).toMatchObject({ records: 1, topics: [{ topic: 'customers', records: 1 }] });
  expect(progress).toEqual(expect.arrayContaining(['begin', 'result']));
  // something is done while it is read
  const test = materializer.test.bind(materializer);
  materializer.test = async (options) => {
    await materializer.compact({ full: false });
    return test(options);
  };
  await client.test({ tests: [] });
  expect(logged).toHaveLength(3);
  expect(heard).toHaveLength(2);
});
