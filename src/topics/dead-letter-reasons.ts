/** Why a record could not become a row: the reason codes of `lens.dead_letters`. */
export const DEAD_LETTER_REASONS = {
  bad_magic: 'the value does not start with the wire format (a zero byte and a 4-byte schema id)',
  unknown_schema: 'nobody knows the schema id, or it belongs to another topic',
  unreadable_schema: 'the newest schema cannot read what was written with this one',
  undecodable: 'the bytes are not what their schema says: cut off, out of bounds, not UTF-8',
  trailing_bytes: 'there are bytes after the end of the record',
  missing_key: 'the record has no key, and its topic needs one',
  bad_key: 'the key is not the canonical text of a key of this topic',
  key_mismatch: 'the key says another row than the value',
  null_value: 'a record without a value, in a topic that deletes nothing (mode append)',
  unknown_kind: 'the topic declares no such kind (mode patch)',
  kind_mismatch: 'the record has values in columns of another kind (mode patch)',
  check_failed: 'a landing check of topic.yml says no',
  out_of_range: 'a value is beyond what its column can hold',
  gate_failed: 'a data test with gate: true fails with this record, and passes without it',
} as const;

export type DeadLetterReason = keyof typeof DEAD_LETTER_REASONS;

/** Thrown while one record is decoded the slow way; becomes a dead letter. */
export class Rejection extends Error {
  readonly reasonCode: DeadLetterReason;

  /** @param reason for people: which field, which value, what was expected */
  constructor(reasonCode: DeadLetterReason, reason: string) {
    super(reason);
    this.reasonCode = reasonCode;
  }
}
