import { after } from 'node:test';
import { startKafka, temporaryDirectory } from '@oubliette/testing';
import { sampleSuite } from './support/sample-suite.js';

const directory = temporaryDirectory('oubliette-sample-kafka-');
// The cleaner's pause is part of the time from forgotten to erased; 15 s by default.
const config = { 'log.cleaner.backoff.ms': '1000', 'group.initial.rebalance.delay.ms': '0' };
const kafka = startKafka({ workDir: directory.path, config });

after(async () => {
  await (await kafka).stop();
  directory.remove();
});
sampleSuite('Apache Kafka and the embedded database', async () => ({
  OUBLIETTE_BROKERS: (await kafka).bootstrap,
}));
