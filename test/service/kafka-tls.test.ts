import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { kafkaTls } from '../../src/service/kafka-tls.ts';

const NONE = { ssl: true, sslCa: undefined, sslCert: undefined, sslKey: undefined };

describe('TLS from the settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lens-tls-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const block = (kind: string) => `-----BEGIN ${kind}-----\nAAAA\n-----END ${kind}-----\n`;

  it.each([true, false])('is %s without files', (ssl) => {
    expect(kafkaTls({ ...NONE, ssl })).toBe(ssl);
  });

  it.each([
    ['a file that is not there', { sslCa: join(folder, 'none.pem') }, /cannot read kafka.sslCa.*none.pem/],
    ['a file that holds something else', { sslCa: file('text', 'not a certificate') }, /kafka.sslCa holds no CERT/],
    ['a certificate without its key', { sslCert: file('c.pem', block('CERTIFICATE')) }, /need each other/],
    ['a key without its certificate', { sslKey: file('k.pem', block('PRIVATE KEY')) }, /need each other/],
    [
      'a certificate that is none',
      { sslCert: file('c.pem', block('CERTIFICATE')), sslKey: file('k.pem', block('PRIVATE KEY')) },
      /do not work/,
    ],
    ['files without TLS', { ssl: false, sslCa: file('c.pem', block('CERTIFICATE')) }, /kafka.ssl is not/],
  ])('refuses %s', (_, settings, message) => {
    expect(() => kafkaTls({ ...NONE, ...settings })).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(message),
        place: expect.any(String),
        hint: expect.any(String),
      }),
    );
  });
});
