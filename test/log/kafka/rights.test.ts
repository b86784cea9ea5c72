import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventLog } from '../../../src/log/event-log.ts';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import { freePort } from '../../../tools/kafka/free-port.ts';
import { runKafkaTool } from '../../../tools/kafka/local-broker.ts';
import { ownBrokerSuite } from '../../kafka/kafka-suite.ts';
import { append, startOf } from '../log-fixture.ts';

const USER = { username: 'alice', password: 'alice-secret' };
const DENIED = { code: 'LOG_ACCESS_DENIED', hint: expect.stringContaining('docs/kafka.md') };

ownBrokerSuite('a user without all rights', (start) => {
  let admin: EventLog;
  let alice: EventLog;
  let acl: (...args: string[]) => void;

  beforeAll(async () => {
    const port = await freePort();
    const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    const broker = await start({
      listeners: { LOGIN: { port, protocol: 'SASL_PLAINTEXT' } },
      settings: {
        'sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.login.plain.sasl.jaas.config': `${login} user_${USER.username}="${USER.password}";`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS',
      },
    });
    admin = openKafkaLog({ brokers: [broker.address] });
    alice = openKafkaLog({ brokers: [`127.0.0.1:${port}`], sasl: { mechanism: 'plain', ...USER } });
    acl = (...args) => {
      const principal = ['--allow-principal', `User:${USER.username}`];
      const at = ['--bootstrap-server', broker.address];
      runKafkaTool('org.apache.kafka.tools.AclCommand', [...at, ...args, ...principal]);
    };
    for (const name of ['hidden', 'mine', 'other']) await admin.createTopic({ name, partitions: 1, settings: {} });
    await append(admin, 'mine', [['k', 'v']]);
    const all = ['Read', 'Describe', 'DescribeConfigs'].flatMap((operation) => ['--operation', operation]);
    acl('--add', ...all, '--topic', 'mine');
    acl('--add', '--operation', 'Describe', '--topic', 'other');
  });
  afterAll(async () => {
    await alice[Symbol.asyncDispose]();
    await admin[Symbol.asyncDispose]();
  });

  test('is told so of a topic that it may not see, instead of that it is missing or another one', async () => {
    await expect(alice.offsets(['hidden'])).rejects.toMatchObject(DENIED);
    await expect(alice.read(startOf('hidden', 1))).rejects.toMatchObject(DENIED);
    await expect(alice.topics(['hidden'])).rejects.toMatchObject(DENIED);
    await expect(alice.topics(['other']), 'its settings are not for this user').rejects.toMatchObject(DENIED);
    await expect(append(alice, 'mine', [['k', 'v']])).rejects.toMatchObject(DENIED);
    await expect(append(alice, 'hidden', [['k', 'v']])).rejects.toMatchObject(DENIED);
    await expect(alice.createTopic({ name: 'more', partitions: 1, settings: {} })).rejects.toMatchObject(DENIED);
    await expect(alice.publishCheckpoint('lens', startOf('mine', 1))).rejects.toMatchObject(DENIED);
  });

  test('is not held up by topics of others', async () => {
    expect((await alice.topics(['mine'])).get('mine')?.settings.get('cleanup.policy')).toBe('delete');
    const all = await alice.topics();
    expect([...all.keys()].sort()).toEqual(['mine', 'other']);
    expect(all.get('other')?.settings.size).toBe(0);
  });

  test('is told so when a right is taken away while it reads', async () => {
    await using reader = await alice.read(startOf('mine', 1));
    expect((await reader.next(5000))?.count).toBe(1);
    acl('--remove', '--force', '--topic', 'mine', '--operation', 'Read', '--operation', 'Describe');
    const reading = async (): Promise<void> => {
      for (const deadline = Date.now() + 15_000; Date.now() < deadline; await sleep(10)) await reader.next(1000);
    };
    await expect(reading()).rejects.toMatchObject(DENIED);
  });
});
