import { setTimeout as sleep } from 'node:timers/promises';
import { LensError } from '../../core/errors.ts';
import type { PartitionOffsets, TopicDescription, TopicSpec } from '../event-log.ts';
import type { KafkaCluster } from './cluster.ts';
import type { KafkaApi } from './protocol/api.ts';
import {
  isDenied,
  isStale,
  KafkaProtocolError,
  LEADER_NOT_AVAILABLE,
  TOPIC_ALREADY_EXISTS,
  UNKNOWN_TOPIC_OR_PARTITION,
} from './protocol/error-codes.ts';
import type { TopicMetadata } from './protocol/metadata.ts';
import { EARLIEST, LATEST, LIST_OFFSETS, type ListedOffset, type TopicPartitions } from './protocol/offsets.ts';
import {
  CREATE_PARTITIONS,
  CREATE_TOPIC,
  DELETE_TOPIC,
  DESCRIBE_TOPIC_SETTINGS,
  SET_TOPIC_SETTINGS,
  type TopicResult,
} from './protocol/topic-admin.ts';

const POLL_MS = 50;
const SETTLE_MS = 10_000;
/** For the answer to a change: the controller itself may take 5 s (topic-admin.ts). */
const CHANGE_MS = 10_000;

/**
 * The topics of these names that are there, or all without Kafka's own (`__consumer_offsets` and the like). Where this
 * user may not read the settings of a topic, those named are refused, and the others come without settings.
 */
export async function describeTopics(
  cluster: KafkaCluster,
  names?: readonly string[],
): Promise<Map<string, TopicDescription>> {
  return await cluster.patiently('read the topics', async () => {
    const descriptions = new Map<string, TopicDescription>();
    const metadata = names?.length === 0 ? { topics: [] } : await cluster.metadata(names ?? null);
    const there = [...topicsThere(metadata.topics).values()];
    const topics =
      names === undefined ? there.filter(({ name, internal }) => !internal && !name.startsWith('__')) : there;
    if (topics.length === 0) return descriptions;
    const asked = topics.map(({ name }) => name);
    const answers = await cluster.call('any', DESCRIBE_TOPIC_SETTINGS, asked);
    const settings = new Map(answers.map((answer) => [answer.topic, answer]));
    for (const { name, id, partitions } of topics) {
      const answer = settings.get(name);
      if (answer === undefined || answer.errorCode === UNKNOWN_TOPIC_OR_PARTITION) continue; // deleted in between
      const tolerated = names === undefined && isDenied(answer.errorCode);
      if (answer.errorCode !== 0 && !tolerated)
        throw new KafkaProtocolError(answer.errorCode, `the settings of ${name}: ${answer.message ?? ''}`);
      descriptions.set(name, { name, id, partitions: partitions.length, settings: answer.settings });
    }
    return descriptions;
  });
}

/** Creates a topic and waits until each partition has a leader. */
export async function createTopic(cluster: KafkaCluster, spec: TopicSpec): Promise<void> {
  if (spec.partitions < 1) throw refused(spec.name, `${spec.partitions} partitions`);
  await change(cluster, CREATE_TOPIC, spec, spec.name);
  await settled(cluster, `create the topic ${spec.name}`, spec.name, (topic) => isWritable(topic, spec.partitions));
}

/** Sets the given settings and adds partitions; never takes any away. */
export async function alterTopic(cluster: KafkaCluster, spec: TopicSpec): Promise<void> {
  const topic = await findTopic(cluster, spec.name);
  const partitions = topic.partitions.length;
  if (spec.partitions < partitions) {
    throw new LensError(
      'LOG_TOPIC_MISMATCH',
      `topic ${spec.name} has ${partitions} partitions and cannot go down to ${spec.partitions}`,
      {
        place: spec.name,
        hint: 'raise `partitions` in its topic.yml, or delete the topic and publish its records again',
      },
    );
  }
  if (Object.keys(spec.settings).length > 0) {
    await change(cluster, SET_TOPIC_SETTINGS, { topic: spec.name, settings: spec.settings }, spec.name);
  }
  if (spec.partitions > partitions) {
    await change(cluster, CREATE_PARTITIONS, { topic: spec.name, partitions: spec.partitions }, spec.name);
    await settled(cluster, `add partitions to ${spec.name}`, spec.name, (found) => isWritable(found, spec.partitions));
  }
}

/** Deletes a topic and waits until it is gone. */
export async function deleteTopic(cluster: KafkaCluster, name: string): Promise<void> {
  await change(cluster, DELETE_TOPIC, name, name);
  await settled(cluster, `delete the topic ${name}`, name, (topic) => topic === undefined);
}

/** The metadata of existing topics by name; LOG_TOPIC_MISSING names those that are not there. */
export async function findTopics(cluster: KafkaCluster, names: readonly string[]): Promise<Map<string, TopicMetadata>> {
  const found = await cluster.patiently('read the topics', async () =>
    topicsThere((await cluster.metadata(names)).topics),
  );
  const missing = names.filter((name) => !found.has(name));
  if (missing.length > 0) throw missingTopic(missing);
  return found;
}

/** By name, without those that do not exist; throws for those that this user may not see. */
function topicsThere(topics: readonly TopicMetadata[]): Map<string, TopicMetadata> {
  const refused = topics.find(({ errorCode }) => errorCode !== 0 && !isStale(errorCode));
  if (refused !== undefined) throw new KafkaProtocolError(refused.errorCode, refused.name);
  const there = topics.filter(({ errorCode }) => errorCode !== UNKNOWN_TOPIC_OR_PARTITION);
  return new Map(there.map((topic) => [topic.name, topic]));
}

export function missingTopic(names: readonly string[]): LensError {
  const [first] = names;
  const message = names.length === 1 ? `topic ${first} is not there` : `topics are not there: ${names.join(', ')}`;
  return new LensError('LOG_TOPIC_MISSING', message, {
    place: first,
    hint: 'create the topics of the project with `lens topics apply`',
  });
}

/** Low and end offset of all partitions of the topics. */
export async function topicOffsets(cluster: KafkaCluster, names: readonly string[]): Promise<PartitionOffsets[]> {
  if (names.length === 0) return [];
  return await cluster.patiently('read the offsets', async () => {
    const topics = await findTopics(cluster, names);
    const [low, end] = await Promise.all([
      listOffsets(cluster, topics, EARLIEST),
      listOffsets(cluster, topics, LATEST),
    ]);
    const offsets = names.flatMap((topic) =>
      (topics.get(topic)?.partitions ?? []).map(({ partition }) => ({
        topic,
        partition,
        low: low.get(`${topic}/${partition}`) as number,
        end: end.get(`${topic}/${partition}`) as number,
      })),
    );
    return offsets.sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
  });
}

/** One kind of offset by `topic/partition`, asked of each partition's leader. */
async function listOffsets(
  cluster: KafkaCluster,
  topics: ReadonlyMap<string, TopicMetadata>,
  timestamp: typeof EARLIEST | typeof LATEST,
): Promise<Map<string, number>> {
  const flat = [...topics.values()].flatMap(({ name, partitions }) =>
    partitions.map(({ partition, leader }) => ({ topic: name, partition, leader })),
  );
  const leaderless = flat.find(({ leader }) => leader < 0);
  if (leaderless !== undefined)
    throw new KafkaProtocolError(LEADER_NOT_AVAILABLE, `${leaderless.topic}/${leaderless.partition} has no leader`);
  const byLeader = [...Map.groupBy(flat, ({ leader }) => leader)];
  const answers = await Promise.all(
    byLeader.map(async ([leader, parts]) => {
      const grouped: TopicPartitions[] = [...Map.groupBy(parts, ({ topic }) => topic)].map(([topic, list]) => ({
        topic,
        partitions: list.map(({ partition }) => partition),
      }));
      return await cluster.call(leader, LIST_OFFSETS, { timestamp, topics: grouped });
    }),
  );
  return new Map(answers.flat().map((answer) => [`${answer.topic}/${answer.partition}`, offsetOf(answer)]));
}

function offsetOf({ topic, partition, errorCode, offset }: ListedOffset): number {
  if (errorCode !== 0) throw new KafkaProtocolError(errorCode, `${topic}/${partition}`);
  return offset;
}

/** Sends a change to the controller. A try whose answer was lost may have worked: then the next finds it done. */
async function change<Request>(
  cluster: KafkaCluster,
  api: KafkaApi<Request, readonly TopicResult[]>,
  request: Request,
  topic: string,
): Promise<void> {
  let tries = 0;
  await cluster.patiently(`change topic ${topic}`, async () => {
    const again = tries++ > 0;
    const { controllerId } = await cluster.metadata([]);
    const target = controllerId < 0 ? 'any' : controllerId;
    const [result] = await cluster.call(target, api, request, { timeoutMs: CHANGE_MS });
    const code = result?.errorCode ?? 0;
    if (code === 0) return;
    if (code === TOPIC_ALREADY_EXISTS) {
      if (again) return;
      throw new LensError('LOG_TOPIC_MISMATCH', `topic ${topic} is there already`, {
        place: topic,
        hint: 'change it with `lens topics apply`',
      });
    }
    if (code === UNKNOWN_TOPIC_OR_PARTITION) {
      if (again && api.key === DELETE_TOPIC.key) return;
      throw missingTopic([topic]);
    }
    const error = new KafkaProtocolError(code, result?.message ?? null);
    if (isStale(code) || isDenied(code)) throw error;
    throw refused(topic, error.message, error);
  });
}

function refused(topic: string, why: string, cause?: unknown): LensError {
  return new LensError('TOPIC_CONTRACT_INVALID', `Kafka refuses topic ${topic}: ${why}`, {
    place: topic,
    hint: "correct the partitions and settings in the topic's topic.yml",
    cause,
  });
}

async function findTopic(cluster: KafkaCluster, name: string): Promise<TopicMetadata> {
  const topic = (await findTopics(cluster, [name])).get(name);
  if (topic === undefined) throw missingTopic([name]);
  return topic;
}

/** Waits until a change shows in the metadata. */
async function settled(
  cluster: KafkaCluster,
  what: string,
  name: string,
  done: (topic: TopicMetadata | undefined) => boolean,
): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const { topics } = await cluster.patiently(what, () => cluster.metadata([name]));
    if (done(topics.find((topic) => topic.errorCode !== UNKNOWN_TOPIC_OR_PARTITION))) return;
    if (Date.now() > deadline)
      throw new LensError('LOG_UNREACHABLE', `Kafka did not ${what} within ${SETTLE_MS / 1000} s`, { place: name });
    await sleep(POLL_MS);
  }
}

function isWritable(topic: TopicMetadata | undefined, partitions: number): boolean {
  return (
    topic !== undefined && topic.partitions.length >= partitions && topic.partitions.every(({ leader }) => leader >= 0)
  );
}
