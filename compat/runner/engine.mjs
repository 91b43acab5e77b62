// The broker under test: the bundled one, or Apache Kafka 4.1.1 for the baseline; each as a process of its own.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBundledBroker, startKafka } from '@oubliette/testing';
import { kafkaLibs } from './kafka-libs.mjs';

// What a test's own cluster would set; everything else as the engine has it.
const config = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '5',
  'log.retention.check.interval.ms': '5000',
};

/** Starts `oubliette` or `kafka` on an empty directory below `home`. */
export async function startEngine(name, home) {
  const workDir = join(home, 'engine');
  rmSync(workDir, { recursive: true, force: true });
  mkdirSync(workDir, { recursive: true });
  if (name === 'kafka') return startKafka({ workDir, config, libsDir: kafkaLibs() });
  if (!existsSync(new URL('../../libs/testing/dist/src/bundled-broker-process.js', import.meta.url))) {
    throw new Error('The bundled broker is not built: run npm run build first.');
  }
  return startBundledBroker({ workDir, config });
}
