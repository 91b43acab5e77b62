import { after } from 'node:test';
import { startKafka, temporaryDirectory } from '@oubliette/testing';
import { pseudonymAudit } from './support/pseudonym-audit.js';

const directory = temporaryDirectory('oubliette-audit-kafka-');
const config = { 'log.cleaner.backoff.ms': '1000', 'group.initial.rebalance.delay.ms': '0' };
const kafka = startKafka({ workDir: directory.path, config });

after(async () => {
  await (await kafka).stop();
  directory.remove();
});
pseudonymAudit('Apache Kafka and the embedded database', async () => ({
  OUBLIETTE_BROKERS: (await kafka).bootstrap,
}));
