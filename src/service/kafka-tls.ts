import { readFileSync } from 'node:fs';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { LensError, messageOf } from '../core/errors.ts';
import type { Settings } from '../core/settings.ts';

type TlsSettings = Pick<Settings['kafka'], 'ssl' | 'sslCa' | 'sslCert' | 'sslKey'>;

/**
 * Whether and how to speak TLS to the brokers, with the PEM files of the settings read (relative to the current folder).
 * CONFIG_INVALID names the setting and the file that cannot be read or is no PEM of its kind.
 */
export function kafkaTls(kafka: TlsSettings): boolean | ConnectionOptions {
  const { ssl, sslCa, sslCert, sslKey } = kafka;
  if (sslCa === undefined && sslCert === undefined && sslKey === undefined) return ssl;
  if (!ssl) {
    throw new LensError('CONFIG_INVALID', 'kafka.sslCa, kafka.sslCert or kafka.sslKey is set, but kafka.ssl is not', {
      place: 'kafka.ssl',
      hint: 'set kafka.ssl: true (LENS_KAFKA_SSL=true), or leave the files out',
    });
  }
  if ((sslCert === undefined) !== (sslKey === undefined)) {
    throw new LensError('CONFIG_INVALID', 'kafka.sslCert and kafka.sslKey need each other', {
      place: sslCert === undefined ? 'kafka.sslCert' : 'kafka.sslKey',
      hint: 'give both for a client certificate, or neither',
    });
  }
  const files = {
    ...(sslCa === undefined ? {} : { ca: pem('kafka.sslCa', sslCa, 'CERTIFICATE') }),
    ...(sslCert === undefined ? {} : { cert: pem('kafka.sslCert', sslCert, 'CERTIFICATE') }),
    ...(sslKey === undefined ? {} : { key: pem('kafka.sslKey', sslKey, 'PRIVATE KEY') }),
  };
  try {
    createSecureContext(files);
  } catch (error) {
    throw new LensError('CONFIG_INVALID', `the TLS files of the settings do not work: ${messageOf(error)}`, {
      place: [sslCa, sslCert, sslKey].filter((file) => file !== undefined).join(', '),
      hint: 'the key must be the one of the certificate, without a passphrase',
      cause: error,
    });
  }
  return files;
}

function pem(setting: string, file: string, kind: string): string {
  const hint = `${setting} is the path of a PEM file with a ${kind}`;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LensError('CONFIG_INVALID', `cannot read ${setting}: ${messageOf(error)}`, {
      place: file,
      hint,
      cause: error,
    });
  }
  if (text.includes('-----BEGIN ') && text.includes(`${kind}-----`)) return text;
  throw new LensError('CONFIG_INVALID', `${setting} holds no ${kind} in PEM`, { place: file, hint });
}
