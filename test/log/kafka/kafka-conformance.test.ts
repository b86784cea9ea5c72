import { kafkaSuite } from '../../kafka/kafka-suite.ts';
import { conformance } from '../conformance.ts';
import { kafkaFixture } from './kafka-fixture.ts';

kafkaSuite('the Kafka log on a real broker', (brokers) =>
  conformance('kafka', async () => await kafkaFixture(brokers)),
);
