import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  createAdmin,
  createProducer,
  silentLogger,
  type RecordProducer,
  type TopicAdmin,
} from '@oubliette/kafka';
import type { UserRef } from '@oubliette/keyring';
import { verifyFiles, type FilesReport } from '@oubliette/privacy';
import { sleep, SystemClock, SystemDisk } from '@oubliette/runtime';
import type { EngineServer, RestartableEngine } from '@oubliette/testing';
import type { PlainScan } from './plain-scan.js';

const clock = new SystemClock();
/** Long enough for a look to fall in between, on a machine with other work: it reads every file three times. */
const timings = { rollMs: 1_500, deleteDelayMs: 8_000 };
/** What the engine may be late with unlinking, on a machine with other work. */
const slackMs = 2_000;
const patienceMs = 30_000;

/** A made-up user and key, in a record that looks like the keyring's. */
export class Planted {
  readonly userRef = randomBytes(16).toString('hex') as UserRef;
  readonly name = Buffer.from(`${this.userRef}#${randomBytes(8).toString('hex')}`);
  readonly wrapped = randomBytes(72);

  get value(): Buffer {
    const value = Buffer.alloc(34);
    value.set([1, 1]);
    for (const at of [2, 6, 14, 18]) value.writeUInt32BE(1, at);
    return Buffer.concat([value, this.wrapped]);
  }
}

/** The clients of a test and the files of its engine. */
export class Bench {
  constructor(
    readonly server: EngineServer,
    readonly admin: TopicAdmin,
    readonly producer: RecordProducer,
  ) {}

  static async open(server: EngineServer): Promise<Bench> {
    const settings = { brokers: [server.bootstrap], clientId: 'log-files', clock, logger: silentLogger };
    const admin = await createAdmin(settings);
    return new Bench(server, admin, await createProducer(settings));
  }

  verify(keyTopic: string, user: Planted): Promise<FilesReport> {
    const users = [{ userRef: user.userRef, lifecycle: 1 }];
    return verifyFiles(
      new SystemDisk(),
      { logDirs: [this.server.dataDir], keyTopic },
      { users, secrets: [user.wrapped] },
    );
  }

  async close(): Promise<void> {
    await this.producer.close();
    await this.admin.close();
  }
}

/** Where the key stands, by record and by byte; the two must not differ where records are not packed. */
function standsIn(report: FilesReport): string[] {
  const byRecord = report.keys.first.map(({ directory, file }) => `${directory}/${file}`);
  const byByte = report.bytes.first.map(({ directory, file }) => `${directory}/${file}`);
  assert.deepEqual([...new Set(byRecord)].sort(), [...new Set(byByte)].sort());
  return [...new Set(byRecord)].sort();
}

/** The same answer before and after a plain scan, which must then be the scan's. */
async function agreed(bench: Bench, topic: string, user: Planted, scan: PlainScan): Promise<string[]> {
  for (;;) {
    const before = standsIn(await bench.verify(topic, user));
    const scanned = scan(bench.server.dataDir, user.wrapped);
    const afterwards = standsIn(await bench.verify(topic, user));
    if (before.join() !== afterwards.join()) continue;
    assert.deepEqual(scanned, before);
    return before;
  }
}

/** From a key's record to its last byte, while the engine's own cleaner works; and `more` tests on the same engine. */
export function logFilesOn(
  engine: RestartableEngine,
  scan: PlainScan,
  more: (bench: () => Bench) => void = () => undefined,
): void {
  describe(`the files of ${engine.name}`, () => {
    let bench: Bench;
    before(async () => {
      await engine.start();
      bench = await Bench.open(engine.server);
    });
    after(async () => {
      await bench.close();
      await engine.dispose();
    });

    test('a key is found in the segment, then in what waits to be unlinked, then nowhere, as a plain scan has it', async () => {
      const topic = 'verified-keys';
      await bench.admin.createTopic({
        name: topic,
        partitions: 1,
        configs: {
          'cleanup.policy': 'compact',
          'segment.ms': `${timings.rollMs}`,
          'max.compaction.lag.ms': `${timings.rollMs}`,
          'min.cleanable.dirty.ratio': '0',
          'file.delete.delay.ms': `${timings.deleteDelayMs}`,
          'message.timestamp.type': 'LogAppendTime',
        },
      });
      const [gone, stays] = [new Planted(), new Planted()];
      const send = (key: Uint8Array, value: Uint8Array | null): Promise<void> =>
        bench.producer.send([{ topic, partition: 0, key, value }]);
      for (const user of [gone, stays]) await send(user.name, user.value);
      const phases = [phaseOf(await agreed(bench, topic, gone, scan))];
      await send(gone.name, null);
      await sleep(clock, timings.rollMs + 200);
      await send(Buffer.from('!nudge'), Buffer.of(1));

      const since = clock.monotonic();
      const seen = new Map<string, { first: number; last: number }>();
      while (phases.at(-1) !== 'nowhere') {
        const asked = clock.monotonic();
        const phase = phaseOf(await agreed(bench, topic, gone, scan));
        if (phase !== phases.at(-1)) phases.push(phase);
        // Between these two it was so at some time.
        seen.set(phase, { first: seen.get(phase)?.first ?? clock.monotonic(), last: asked });
        assert.ok(asked - since < patienceMs, `still ${phase} after ${patienceMs} ms`);
        await sleep(clock, 50);
      }
      assert.deepEqual(phases, ['in a segment', 'waiting', 'nowhere']);
      const [inSegment, waiting, nowhere] = phases.map(
        (phase) => seen.get(phase) ?? { first: NaN, last: since },
      );
      const atMost = (nowhere?.first ?? NaN) - (inSegment?.last ?? NaN);
      const atLeast = (waiting?.last ?? NaN) - (waiting?.first ?? NaN);
      assert.ok(atMost >= timings.deleteDelayMs, `unlinked after ${atMost} ms or less`);
      assert.ok(atLeast < timings.deleteDelayMs + slackMs, `there for ${atLeast} ms or more`);

      const end = await bench.verify(topic, gone);
      assert.equal(end.verdict, 'clean', JSON.stringify(end));
      assert.equal(end.logDirs[0]?.broker, 1);
      assert.equal((await bench.verify(topic, stays)).verdict, 'remains');
    });

    more(() => bench);
  });
}

function phaseOf(files: readonly string[]): string {
  if (files.length === 0) return 'nowhere';
  return files.every((file) => file.endsWith('.log.deleted')) ? 'waiting' : 'in a segment';
}
