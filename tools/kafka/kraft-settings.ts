/** The version that runs in Docker; the jars' version is in pom.xml. Both and docker-compose.yml name the same one. */
export const KAFKA_IMAGE = 'apache/kafka:4.3.1';

/** What a single node needs to be broker and controller at once. Keys are Kafka's names. */
export const SINGLE_NODE_SETTINGS: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'num.partitions': '4',
  'auto.create.topics.enable': 'false',
  // One node: Kafka's own topics cannot have three replicas.
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  // After a kill -9 the controller waits for the old session to end: 12.4 s by default, 4.9 s with these two.
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
  // A small cleaner that looks often, so that compaction can be seen at work.
  'log.cleaner.dedupe.buffer.size': '8388608',
  'log.cleaner.backoff.ms': '500',
  'log.segment.delete.delay.ms': '1000',
};

const CONTAINER_CONTROLLER_PORT = 29093;

/** The environment of an apache/kafka container that clients on this machine reach at `port`. */
export function kraftEnvironment(port: number): Record<string, string> {
  const settings: Record<string, string> = {
    ...SINGLE_NODE_SETTINGS,
    listeners: `PLAINTEXT://0.0.0.0:${port},CONTROLLER://localhost:${CONTAINER_CONTROLLER_PORT}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.quorum.voters': `1@localhost:${CONTAINER_CONTROLLER_PORT}`,
  };
  // The image's rule: KAFKA_, upper case, dots become underscores.
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, value]),
  );
}
