import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { freePort } from '../../../tools/kafka/free-port.ts';

describe('brokers that do not answer', () => {
  let silent: Server;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  test.concurrent.each(['a closed port', 'a port that never answers'])(
    '%s is LOG_UNREACHABLE within 15 s, with a hint',
    async (kind) => {
      const port = kind === 'a closed port' ? await freePort() : (silent.address() as AddressInfo).port;
      await using log = openKafkaLog({ brokers: [`127.0.0.1:${port}`] });
      const start = performance.now();
      const error: unknown = await log.topics().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'LOG_UNREACHABLE',
        message: expect.stringContaining(String(port)),
        hint: expect.stringContaining('npm run kafka'),
      });
      expect(performance.now() - start).toBeLessThan(15_000);
    },
  );

  test.each([[[]], [['localhost']], [['localhost:9092,other:9092']], [['kafka://localhost:9092']]])(
    '%j is no list of brokers',
    (brokers) => {
      expect(() => openKafkaLog({ brokers })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }));
    },
  );
});
