import type { TopicSpec } from '../../event-log.ts';
import type { KafkaApi } from './api.ts';
import type { WireReader } from './wire.ts';

export interface TopicResult {
  readonly topic: string;
  readonly errorCode: number;
  readonly message: string | null;
}

/** How long the controller may take before it answers. */
const TIMEOUT_MS = 5_000;
/** Resource type of a topic in the configuration requests. */
const TOPIC = 2;
const SET = 0;

/** Replication factor -1: the broker's default. */
export const CREATE_TOPIC: KafkaApi<TopicSpec, readonly TopicResult[]> = {
  name: 'CreateTopics',
  key: 19,
  version: 4,
  flexible: false,
  encode(writer, spec) {
    writer.array([spec], ({ name, partitions, settings }) => {
      writer.string(name).int32(partitions).int16(-1);
      writer.array([], () => undefined); // assignments
      writer.array(Object.entries(settings), ([key, value]) => writer.string(key).string(value));
    });
    writer.int32(TIMEOUT_MS).boolean(false); // validate_only
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return reader.array(() => topicResult(reader));
  },
};

export const DELETE_TOPIC: KafkaApi<string, readonly TopicResult[]> = {
  name: 'DeleteTopics',
  key: 20,
  version: 3,
  flexible: false,
  encode(writer, topic) {
    writer.array([topic], (name) => writer.string(name)).int32(TIMEOUT_MS);
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return reader.array(() => ({ topic: reader.string() ?? '', errorCode: reader.int16(), message: null }));
  },
};

/** Request: the topic and its new total of partitions. */
export const CREATE_PARTITIONS: KafkaApi<{ topic: string; partitions: number }, readonly TopicResult[]> = {
  name: 'CreatePartitions',
  key: 37,
  version: 1,
  flexible: false,
  encode(writer, request) {
    writer.array([request], ({ topic, partitions }) =>
      writer
        .string(topic)
        .int32(partitions)
        .array(null, () => undefined),
    );
    writer.int32(TIMEOUT_MS).boolean(false); // validate_only
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return reader.array(() => topicResult(reader));
  },
};

/** Sets the given settings and leaves all others as they are (AlterConfigs, the older request, would reset them). */
export const SET_TOPIC_SETTINGS: KafkaApi<
  { topic: string; settings: Readonly<Record<string, string>> },
  readonly TopicResult[]
> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  version: 0,
  flexible: false,
  encode(writer, request) {
    writer.array([request], ({ topic, settings }) => {
      writer.int8(TOPIC).string(topic);
      writer.array(Object.entries(settings), ([key, value]) => writer.string(key).int8(SET).string(value));
    });
    writer.boolean(false); // validate_only
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return reader.array(() => {
      const errorCode = reader.int16();
      const message = reader.string();
      reader.int8(); // resource_type
      return { topic: reader.string() ?? '', errorCode, message };
    });
  },
};

export interface TopicSettings extends TopicResult {
  /** Effective settings, defaults included. */
  readonly settings: ReadonlyMap<string, string>;
}

export const DESCRIBE_TOPIC_SETTINGS: KafkaApi<readonly string[], readonly TopicSettings[]> = {
  name: 'DescribeConfigs',
  key: 32,
  version: 2,
  flexible: false,
  encode(writer, topics) {
    writer.array(topics, (topic) =>
      writer
        .int8(TOPIC)
        .string(topic)
        .array(null, () => undefined),
    ); // all settings
    writer.boolean(false); // include_synonyms
  },
  decode(reader) {
    reader.int32(); // throttle_time_ms
    return reader.array(() => {
      const errorCode = reader.int16();
      const message = reader.string();
      reader.int8(); // resource_type
      const topic = reader.string() ?? '';
      const entries = reader.array((): [string, string | null] => {
        const entry: [string, string | null] = [reader.string() ?? '', reader.string()];
        reader.boolean(); // read_only
        reader.int8(); // config_source
        reader.boolean(); // is_sensitive
        reader.array(() => [reader.string(), reader.string(), reader.int8()]); // synonyms
        return entry;
      });
      const settings = new Map(entries.filter((entry): entry is [string, string] => entry[1] !== null));
      return { topic, errorCode, message, settings };
    });
  },
};

function topicResult(reader: WireReader): TopicResult {
  return { topic: reader.string() ?? '', errorCode: reader.int16(), message: reader.string() };
}
