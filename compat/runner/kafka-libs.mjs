// Kafka's jars: for the java suite, and for the baseline.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.mjs';
import { cache, compat } from './places.mjs';

/** The directory of Kafka's jars: the environment's, or fetched once with Maven by compat/kafka-4.1.1/pom.xml. */
export function kafkaLibs() {
  const given = process.env['OUBLIETTE_KAFKA_LIBS'];
  if (given !== undefined && existsSync(given)) return given;
  const libs = join(cache, 'kafka-4.1.1', 'libs');
  if (!existsSync(join(libs, 'kafka_2.13-4.1.1.jar'))) {
    const pom = join(compat, 'kafka-4.1.1', 'pom.xml');
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${libs}`]);
  }
  return libs;
}
