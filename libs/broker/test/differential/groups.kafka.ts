import { test } from 'node:test';
import { kafkaLibs } from '../support/live-kafka.js';
import { commitSizeCases } from './commit-size-cases.js';
import { awaitCoordinator, groupCases, groupTopics } from './group-cases.js';
import { groupRecordCases } from './group-record-cases.js';
import { memberSettings } from './group-member.js';
import { memberCases } from './member-cases.js';
import { offsetsTopicCases } from './offsets-topic-cases.js';
import { compare, startBoth } from './two-brokers.js';

/*
 * The same requests of group members and administrators, good and bad, to Apache Kafka and to this broker: the answers are equal.
 * Needs a directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */
test('groups and committed offsets as Kafka does', { skip: kafkaLibs === undefined }, async (t) => {
  const sides = await startBoth(t, groupTopics, memberSettings);
  for (const side of sides) {
    const client = await side.connect();
    await awaitCoordinator(client);
    client.end();
  }
  await compare(t, sides, groupCases);
  await compare(t, sides, memberCases);
  await compare(t, sides, commitSizeCases);
  await compare(t, sides, groupRecordCases);
  await compare(t, sides, offsetsTopicCases);
});
