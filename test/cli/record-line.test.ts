import { describe, expect, test } from 'vitest';
import { parseRecordLine } from '../../src/cli/record-line.ts';
import { loadTopics } from '../../src/topics/catalog.ts';
import { customer, SHOP } from './shop.ts';

const json = loadTopics(SHOP).json('customers');
const ann = customer('ann', 'de');

function parse(line: object | string) {
  return parseRecordLine(typeof line === 'string' ? line : JSON.stringify(line), json, 2);
}

test('the key is taken from the value, or given', async () => {
  const record = await parse({ value: ann });
  expect(record.key).toEqual(Buffer.from('ann'));
  expect(json.decode(record.key, record.value)).toMatchObject({ key: 'ann', value: ann });
  expect(await parse({ key: 'ann', value: ann })).toEqual(record);
  expect(await parse({ key: 'ann', value: null })).toMatchObject({ key: record.key, value: null });
});

test('bytes go as they are', async () => {
  const bytes = Buffer.from([0, 1, 255]);
  const base64 = bytes.toString('base64');
  expect(Buffer.from((await parse({ key: 'ann', valueBase64: base64 })).value as Uint8Array)).toEqual(bytes);
  expect(await parse({ valueBase64: '' })).toMatchObject({ key: null });
  expect(Buffer.from((await parse({ keyBase64: base64, value: ann })).key as Uint8Array)).toEqual(bytes);
  const tombstone = await parse({ keyBase64: base64, value: null });
  expect([Buffer.from(tombstone.key as Uint8Array), tombstone.value]).toEqual([bytes, null]);
});

test('partition and timestamp, as milliseconds or ISO 8601; the offset consume prints is passed over', async () => {
  const line = { value: ann, partition: 1, offset: 99 };
  const at = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  expect(await parse({ ...line, timestamp: at })).toMatchObject({ partition: 1, timestamp: at });
  expect(await parse({ ...line, timestamp: '2026-01-02T03:04:05.006Z' })).toMatchObject({ timestamp: at });
});

describe('refused', () => {
  const cases: [string, object | string, RegExp][] = [
    ['no JSON', '{"value": {}', /not JSON/],
    ['a list', '[1]', /not a JSON object/],
    ['an unknown field', { valu: 1 }, /unknown field valu/],
    ['no value', {}, /one of value and valueBase64/],
    ['two values', { value: ann, valueBase64: 'AA==' }, /one of value and valueBase64/],
    ['two keys', { key: 'ann', keyBase64: 'AA==', value: ann }, /exclude each other/],
    ['a tombstone without a key', { value: null }, /key/],
    ['what is not base64', { valueBase64: 'A' }, /valueBase64 is not base64/],
    ['a partition that is not there', { value: ann, partition: 2 }, /0 to 1/],
    ['a timestamp that is none', { value: ann, timestamp: 'now' }, /timestamp/],
    ['a field of a wrong type', { value: { ...ann, name: 5 } }, /name/],
    ['a missing field', { value: { customer_id: 'ann' } }, /name|country|joined_on/],
  ];
  test.each(cases)('%s', async (_, line, message) => {
    await expect(parse(line)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(message) as string,
    });
  });
});
