import { describe } from 'node:test';
import { join } from 'node:path';
import { startKafka, startPostgres, temporaryDirectory } from '@oubliette/testing';
import { forgettingOnRealData } from './scenario.js';

const dataset = process.env['OUBLIETTE_OULAD'];
const skip = dataset === undefined || process.env['OUBLIETTE_KAFKA_LIBS'] === undefined;

describe('real learning data on Apache Kafka and PostgreSQL', { skip }, () => {
  const directory = temporaryDirectory();
  // Of its own: PostgreSQL's user must be able to walk to it.
  const database = temporaryDirectory();
  const closing: (() => Promise<void>)[] = [];
  forgettingOnRealData(
    async () => {
      const kafka = await startKafka({ workDir: join(directory.path, 'kafka') });
      closing.push(() => kafka.stop());
      const postgres = await startPostgres({ workDir: database.path });
      closing.push(() => postgres.stop());
      return {
        dataset: dataset ?? '',
        sample: {
          dataDir: join(directory.path, 'data'),
          masterKeys: join(directory.path, 'keys/keys.json'),
          brokers: kafka.bootstrap,
          databaseUrl: postgres.url,
        },
        dataDirectories: [join(directory.path, 'data'), kafka.dataDir, database.path],
        // Kafka's default pause of the cleaner (15 s, twice at worst), and the nudges between.
        erasedWithinMs: 90_000,
      };
    },
    async () => {
      for (const close of closing.reverse()) await close();
      database.remove();
      directory.remove();
    },
  );
});
