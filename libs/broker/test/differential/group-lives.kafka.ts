import { test } from 'node:test';
import { kafkaLibs } from '../support/live-kafka.js';
import { coordinatorCases } from './coordinator-cases.js';
import { expiryCases, expirySettings, expiryTopics } from './expiry-cases.js';
import { recordsOfGroups } from './group-record-cases.js';
import { compare, startBoth } from './two-brokers.js';

/*
 * How groups begin and end: who looks for a coordinator before there is one, and what expires when, with what that writes. Needs a
 * directory of Kafka's jars in OUBLIETTE_KAFKA_LIBS.
 */
test('groups begin and expire as on Kafka', { skip: kafkaLibs === undefined }, async (t) => {
  const sides = await startBoth(t, expiryTopics, expirySettings);
  await compare(t, sides, coordinatorCases);
  await compare(t, sides, expiryCases);
  // How many of these go at one look is by chance.
  await compare(t, sides, { 'what expiring leaves in the log': recordsOfGroups(['many', 'bounded']) });
});
