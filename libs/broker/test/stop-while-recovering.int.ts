import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { apis, BatchView } from '@oubliette/protocol';
import { startBroker } from '../src/index.js';
import { batch } from './log/fixture.js';
import { WireClient } from './support/wire-client.js';

const script = fileURLToPath(new URL('support/signalled-broker.js', import.meta.url));
const batches = 96;
const logs = 12;

/** A log file of 24 MiB that nobody synced. */
function unsyncedLog(path: string): void {
  const one = batch([['key', 'x'.repeat(256 * 1024)]]);
  const content = Buffer.concat(Array.from({ length: batches }, () => one));
  // The CRC covers neither the offset nor the epoch.
  for (let index = 0; index < batches; index++) {
    new BatchView(content, index * one.length).setBaseOffset(BigInt(index));
  }
  writeFileSync(path, content);
}

/** A data directory whose owner died: many logs of which no checkpoint says that they were synced. */
async function crashedDirectory(dataDir: string): Promise<void> {
  const broker = await startBroker({ dataDir, port: 0 });
  const client = await WireClient.connect(Number(broker.bootstrap.split(':')[1]));
  const topic = { name: 'events', numPartitions: logs, replicationFactor: 1, assignments: [], configs: [] };
  await client.call(apis.createTopics, 5, { topics: [topic], timeoutMs: 10_000, validateOnly: false });
  client.end();
  await broker.stop();
  rmSync(join(dataDir, '.kafka_cleanshutdown'));
  const file = join(dataDir, 'template');
  unsyncedLog(file);
  for (let partition = 0; partition < logs; partition++) {
    const log = join(dataDir, `events-${partition}`, '00000000000000000000.log');
    rmSync(log);
    linkSync(file, log);
  }
  rmSync(file);
}

const patience = { timeout: 60_000 };

test(
  'SIGTERM while logs are recovered ends the start cleanly, and the next one recovers them all',
  patience,
  async (t) => {
    const dataDir = mkdtempSync(join(tmpdir(), 'oubliette-recovery-'));
    t.after(() => rmSync(dataDir, { recursive: true, force: true }));
    await crashedDirectory(dataDir);
    const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    let stdout = '';
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    const closed = once(child, 'close');
    // Recovery leaves a snapshot where it found a log's end: the first ones are done, most are not.
    const snapshot = `${String(batches).padStart(20, '0')}.snapshot`;
    const isDone = (partition: number): boolean => existsSync(join(dataDir, `events-${partition}`, snapshot));
    const done = (): number => Array.from({ length: logs }, (_, index) => index).filter(isDone).length;
    while (done() === 0 && child.exitCode === null) await pause(2);
    child.kill('SIGTERM');
    const [code] = (await closed) as [number | null];
    assert.deepEqual([code, stdout], [0, 'STOPPED\n']);
    assert.ok(done() < logs, 'the signal came too late to end anything');
    assert.equal(existsSync(join(dataDir, '.kafka_cleanshutdown')), false);

    const broker = await startBroker({ dataDir, port: 0 });
    assert.equal(done(), logs);
    await broker.stop();
    assert.ok(existsSync(join(dataDir, '.kafka_cleanshutdown')));
  },
);
