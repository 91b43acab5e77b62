import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { createMasterKeyFile } from '@oubliette/keyring';
import { connectOubliette, EventPublisher, ForgetUserService } from '@oubliette/nest';
import { openDatabase } from '@oubliette/persistence';
import { sleep, SystemClock, SystemDisk, SystemEntropy } from '@oubliette/runtime';
import { AppModule } from './app.module.js';
import { Subscribed } from './subscribed.js';
import { SubscriptionsController } from './subscriptions.controller.js';

/** Two people subscribe, one is forgotten; whoever reads the topic afterwards meets one address and one erased value. */
async function main(): Promise<void> {
  const brokers = (process.env['OUBLIETTE_BROKERS'] ?? '127.0.0.1:9092').split(',');
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-example-'));
  const masterKeysFile = join(directory, 'keys', 'keys.json');
  const [clock, disk] = [new SystemClock(), new SystemDisk()];
  createMasterKeyFile(masterKeysFile, disk, new SystemEntropy());
  const database = await openDatabase({
    file: join(directory, 'example.db'),
    disk,
    clock,
    migrations: [],
    onError: () => undefined,
  });
  const app = await NestFactory.create(
    AppModule.for({ brokers, masterKeysFile, database, token: 'a-token-for-the-privacy-routes' }),
    { logger: ['error', 'warn'] },
  );
  try {
    await connectOubliette(app);
    const publisher = app.get(EventPublisher);
    const { seen } = app.get(SubscriptionsController);
    const wait = async (count: number): Promise<void> => {
      for (let i = 0; i < 200 && seen.length < count; i++) await sleep(clock, 50);
      if (seen.length < count) throw new Error(`${seen.length} of ${count} events arrived`);
    };

    await publisher.publish([
      Subscribed.of('ada-1815', 'ada@example.org', 'engines'),
      Subscribed.of('grace-1906', 'grace@example.org', 'compilers'),
    ]);
    await wait(2);
    const erasure = await app.get(ForgetUserService).forgetUser('ada-1815');
    await publisher.publish(Subscribed.of('grace-1906', 'grace@example.org', 'engines'));
    await wait(3);
    for (const { offset, text } of seen) process.stdout.write(`${offset}: ${text}\n`);
    process.stdout.write(`ada is ${erasure.state}\n`);
  } finally {
    await app.close();
    await database.close();
    rmSync(directory, { recursive: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
