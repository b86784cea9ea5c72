/** Kafka's error codes that we meet by name (https://kafka.apache.org/protocol#protocol_error_codes). */
const UNKNOWN_SERVER_ERROR = -1;
export const OFFSET_OUT_OF_RANGE = 1;
export const CORRUPT_MESSAGE = 2;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
export const LEADER_NOT_AVAILABLE = 5;
export const MESSAGE_TOO_LARGE = 10;
export const RECORD_LIST_TOO_LARGE = 18;
export const TOPIC_ALREADY_EXISTS = 36;
export const DUPLICATE_SEQUENCE = 46;
export const UNKNOWN_TOPIC_ID = 100;
const INCONSISTENT_TOPIC_ID = 103;

/** The metadata we used is old, or the broker is in passing trouble: learn the leaders anew and go on. */
const STALE: ReadonlySet<number> = new Set([
  UNKNOWN_SERVER_ERROR,
  CORRUPT_MESSAGE, // damaged on its way, or a disk that another replica replaces
  3, // UNKNOWN_TOPIC_OR_PARTITION: not there, or not known to this broker yet
  LEADER_NOT_AVAILABLE,
  6, // NOT_LEADER_OR_FOLLOWER
  7, // REQUEST_TIMED_OUT
  8, // BROKER_NOT_AVAILABLE
  9, // REPLICA_NOT_AVAILABLE
  13, // NETWORK_EXCEPTION
  14, // COORDINATOR_LOAD_IN_PROGRESS
  15, // COORDINATOR_NOT_AVAILABLE
  16, // NOT_COORDINATOR
  19, // NOT_ENOUGH_REPLICAS
  20, // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  41, // NOT_CONTROLLER
  56, // KAFKA_STORAGE_ERROR
  74, // FENCED_LEADER_EPOCH
  75, // UNKNOWN_LEADER_EPOCH
  77, // STALE_BROKER_EPOCH
  78, // OFFSET_NOT_AVAILABLE
  80, // PREFERRED_LEADER_NOT_AVAILABLE
  89, // THROTTLING_QUOTA_EXCEEDED
  UNKNOWN_TOPIC_ID,
  INCONSISTENT_TOPIC_ID,
]);

/** Worth another try, but not for ever: it may be the record itself that the broker cannot read. */
const DOUBTFUL: ReadonlySet<number> = new Set([UNKNOWN_SERVER_ERROR, OFFSET_OUT_OF_RANGE, CORRUPT_MESSAGE]);

/** This user may not do that: no try will change it. */
const DENIED: ReadonlySet<number> = new Set([
  29, // TOPIC_AUTHORIZATION_FAILED
  30, // GROUP_AUTHORIZATION_FAILED
  31, // CLUSTER_AUTHORIZATION_FAILED
  53, // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
]);

const NAMES: Readonly<Record<number, string>> = {
  [-1]: 'UNKNOWN_SERVER_ERROR',
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  10: 'MESSAGE_TOO_LARGE',
  14: 'COORDINATOR_LOAD_IN_PROGRESS',
  15: 'COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR',
  17: 'INVALID_TOPIC_EXCEPTION',
  18: 'RECORD_LIST_TOO_LARGE',
  19: 'NOT_ENOUGH_REPLICAS',
  20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  22: 'ILLEGAL_GENERATION',
  25: 'UNKNOWN_MEMBER_ID',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  30: 'GROUP_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  35: 'UNSUPPORTED_VERSION',
  36: 'TOPIC_ALREADY_EXISTS',
  37: 'INVALID_PARTITIONS',
  38: 'INVALID_REPLICATION_FACTOR',
  40: 'INVALID_CONFIG',
  41: 'NOT_CONTROLLER',
  42: 'INVALID_REQUEST',
  44: 'POLICY_VIOLATION',
  45: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  46: 'DUPLICATE_SEQUENCE_NUMBER',
  47: 'INVALID_PRODUCER_EPOCH',
  56: 'KAFKA_STORAGE_ERROR',
  59: 'UNKNOWN_PRODUCER_ID',
  74: 'FENCED_LEADER_EPOCH',
  78: 'OFFSET_NOT_AVAILABLE',
  87: 'INVALID_RECORD',
  89: 'THROTTLING_QUOTA_EXCEEDED',
  100: 'UNKNOWN_TOPIC_ID',
  103: 'INCONSISTENT_TOPIC_ID',
};

/** Whether learning the metadata anew and trying again may mend it. */
export function isStale(code: number): boolean {
  return STALE.has(code);
}

export function isDoubtful(code: number): boolean {
  return DOUBTFUL.has(code);
}

/** Whether a right is missing. */
export function isDenied(code: number): boolean {
  return DENIED.has(code);
}

/** `NOT_LEADER_OR_FOLLOWER (6)`. */
function errorName(code: number): string {
  const name = NAMES[code];
  return name === undefined ? `Kafka's error ${code}` : `${name} (${code})`;
}

/** An error code in a broker's answer. */
export class KafkaProtocolError extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, detail: string | null) {
    super(detail === null || detail === '' ? errorName(errorCode) : `${errorName(errorCode)}: ${detail}`);
    this.name = 'KafkaProtocolError';
    this.errorCode = errorCode;
  }
}
