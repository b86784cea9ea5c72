import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSettings } from '../../../src/core/settings.ts';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.ts';
import type { KafkaOptions, KafkaSasl } from '../../../src/log/kafka/kafka-options.ts';
import { openLog } from '../../../src/service/open-log.ts';
import { freePort } from '../../../tools/kafka/free-port.ts';
import { ownBrokerSuite } from '../../kafka/kafka-suite.ts';
import { append, readFrom, startOf } from '../log-fixture.ts';
import { cuttingProxy } from './cutting-proxy.ts';

const STORE_PASSWORD = 'store-password';
const SASL_AUTHENTICATE = 36;
const USER = { username: 'alice', password: 'alice-secret' };

ownBrokerSuite('TLS and SASL', (start) => {
  const folder = mkdtempSync(join(tmpdir(), 'lens-tls-'));
  let ca = '';
  let secured = '';
  /** The same logins without TLS. */
  let login = '';

  beforeAll(async () => {
    const store = join(folder, 'broker.p12');
    ca = makeCertificate(store);
    const [port, loginPort] = [await freePort(), await freePort()];
    const plainLogin = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
    await start({
      listeners: {
        SECURED: { port, protocol: 'SASL_SSL' },
        LOGIN: { port: loginPort, protocol: 'SASL_PLAINTEXT' },
      },
      scramUsers: ['256', '512'].map((bits) => `SCRAM-SHA-${bits}=[name=${USER.username},password=${USER.password}]`),
      settings: {
        'ssl.keystore.location': store,
        'ssl.keystore.password': STORE_PASSWORD,
        'ssl.keystore.type': 'PKCS12',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.login.sasl.enabled.mechanisms': 'PLAIN',
        'listener.name.secured.plain.sasl.jaas.config': `${plainLogin} user_${USER.username}="${USER.password}";`,
        'listener.name.login.plain.sasl.jaas.config': `${plainLogin} user_${USER.username}="${USER.password}";`,
        'listener.name.secured.scram-sha-256.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required;',
        'listener.name.secured.scram-sha-512.sasl.jaas.config':
          'org.apache.kafka.common.security.scram.ScramLoginModule required;',
      },
    });
    secured = `127.0.0.1:${port}`;
    login = `127.0.0.1:${loginPort}`;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const open = (options: Omit<KafkaOptions, 'brokers'>) => openKafkaLog({ brokers: [secured], ...options });

  test.each<KafkaSasl['mechanism']>(['plain', 'scram-sha-256', 'scram-sha-512'])(
    '%s over TLS: writes and reads',
    async (mechanism) => {
      await using log = open({ ssl: { ca }, sasl: { mechanism, ...USER } });
      const topic = `secured-${mechanism}`;
      await log.createTopic({ name: topic, partitions: 2, settings: {} });
      await append(log, topic, [['k', 'v']]);
      expect((await readFrom(log, startOf(topic, 2), 1)).map(({ value }) => value)).toEqual(['v']);
    },
  );

  test.each<[string, () => Omit<KafkaOptions, 'brokers'>]>([
    [
      'a wrong password',
      () => ({ ssl: { ca }, sasl: { mechanism: 'plain', username: USER.username, password: 'wrong' } }),
    ],
    [
      'a wrong password with SCRAM',
      () => ({ ssl: { ca }, sasl: { mechanism: 'scram-sha-256', username: USER.username, password: 'wrong' } }),
    ],
    ['an unknown authority', () => ({ ssl: true, sasl: { mechanism: 'plain', ...USER } })],
  ])('%s is refused at once, with a hint', async (_, options) => {
    await using log = open(options());
    const start = performance.now();
    await expect(log.topics()).rejects.toMatchObject({
      code: 'LOG_UNREACHABLE',
      hint: expect.stringContaining('password and the certificates'),
    });
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('the settings lead to the same connection', async () => {
    const file = join(folder, 'ca.pem');
    writeFileSync(file, ca);
    const env = {
      KAFKA_BROKERS: secured,
      LENS_KAFKA_SSL: 'true',
      LENS_KAFKA_SSL_CA: file,
      LENS_KAFKA_SASL_MECHANISM: 'plain',
      LENS_KAFKA_SASL_USERNAME: USER.username,
      LENS_KAFKA_SASL_PASSWORD: USER.password,
    };
    await using log = openLog(loadSettings({ env, cwd: folder }));
    await expect(log.topics()).resolves.toBeInstanceOf(Map);
  });

  test('a connection lost in the middle of the login is waited for, not taken for a wrong password', async () => {
    await using proxy = await cuttingProxy(login, SASL_AUTHENTICATE);
    await using log = openKafkaLog({ brokers: [proxy.address], sasl: { mechanism: 'plain', ...USER } });
    const topics = log.topics();
    while (proxy.cuts < 2) await sleep(20);
    proxy.mend();
    await expect(topics).resolves.toBeInstanceOf(Map);
  });

  test('a mechanism that the broker does not offer is refused at once', async () => {
    await using log = openKafkaLog({ brokers: [login], sasl: { mechanism: 'scram-sha-256', ...USER } });
    const start = performance.now();
    await expect(log.topics()).rejects.toMatchObject({ code: 'LOG_UNREACHABLE' });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

/** Makes a key store for 127.0.0.1 with the JDK's keytool and returns its certificate, which signs itself, as PEM. */
function makeCertificate(store: string): string {
  const common = ['-keystore', store, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD, '-alias', 'broker'];
  const pem = `${store}.pem`;
  const made = [
    '-genkeypair',
    ...common,
    '-keyalg',
    'EC',
    '-dname',
    'CN=broker',
    '-ext',
    'SAN=IP:127.0.0.1',
    '-validity',
    '2',
  ];
  for (const args of [made, ['-exportcert', '-rfc', ...common, '-file', pem]]) {
    const run = spawnSync('keytool', args, { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`keytool: ${run.stdout}${run.stderr}`);
  }
  return readFileSync(pem, 'utf8');
}
