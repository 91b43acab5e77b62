import assert from 'node:assert/strict';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger, type Logger } from '@oubliette/kafka';
import { testMasterKeys } from '@oubliette/keyring/testing';
import { openKafkaEngine, type OublietteEngine } from '@oubliette/nest';
import { InMemoryStores } from '@oubliette/privacy/testing';
import { temporaryDirectory, type StartEngine } from '@oubliette/testing';

const binding = { stream: 'students', type: 'Moved', eventId: 'e-1', path: 'city' };

/** The brokers' disk is put back to what it was before users were forgotten and restricted, the database is not. */
export function restoredCopyOn(name: string, start: StartEngine): void {
  test(`design 4.11: a copy of the data directory of ${name} from before a forgetting, restored after it, gives no forgotten user back, and no restriction away`, async () => {
    const directory = temporaryDirectory();
    const workDir = join(directory.path, 'broker');
    const copy = join(directory.path, 'copy');
    // What outlives the brokers' disk: the ledger and the master keys.
    const stores = new InMemoryStores();
    const masterKeys = await testMasterKeys();
    const logged: string[] = [];
    const logger: Logger = { ...silentLogger, error: (message) => void logged.push(message) };

    const during = async (work: (engine: OublietteEngine) => Promise<void>): Promise<void> => {
      const broker = await start({ workDir });
      try {
        const engine = await openKafkaEngine({
          brokers: [broker.bootstrap],
          clientId: 'restored',
          masterKeys,
          stores,
          logger,
          keyTopic: { partitions: 3, segmentMs: 2_000, maxCompactionLagMs: 2_000, fileDeleteDelayMs: 1_000 },
        });
        try {
          await engine.forgetting.begin([]);
          await work(engine);
        } finally {
          await engine.close();
        }
      } finally {
        await broker.stop();
      }
    };

    try {
      const userIds = Array.from({ length: 20 }, (_, index) => `user-${index}`);
      const envelopes = new Map<string, Uint8Array>();
      await during(async ({ keyring }) => {
        await keyring.ensureKeys(userIds.map((userId) => keyring.userRef(userId)));
        for (const userId of userIds)
          envelopes.set(userId, keyring.seal(keyring.userRef(userId), binding, Buffer.from('Lyon')));
      });
      cpSync(join(workDir, 'data'), copy, { recursive: true });
      await during(async ({ forgetting, restrictions }) => {
        assert.deepEqual(forgetting.lastCheck, {
          checked: 0,
          returned: 0,
          forgottenAgain: 0,
          unresolved: 0,
          halves: { older: 'neither', restored: 0, mirrored: 0, conflicting: 0 },
          restrictions: { standing: 0, restrictedAgain: 0, unlogged: 0 },
        });
        for (const userId of userIds.slice(10, 15)) await restrictions.restrict(userId, 'contested');
        await restrictions.lift(userIds[14] ?? '', 'settled');
        const forgotten = await forgetting.requestMany(userIds.slice(0, 12));
        assert.ok(forgotten.every((erasure) => erasure !== null && erasure.state !== 'requested'));
      });
      assert.deepEqual(logged, []);
      rmSync(join(workDir, 'data'), { recursive: true });
      cpSync(copy, join(workDir, 'data'), { recursive: true });

      await during(async ({ keyring, forgetting }) => {
        assert.deepEqual(forgetting.lastCheck, {
          checked: 12,
          returned: 12,
          forgottenAgain: 12,
          unresolved: 0,
          // The mirror stood on the same disk.
          halves: { older: 'mirror', restored: 0, mirrored: 12, conflicting: 0 },
          // Two of the four were forgotten, which ended it.
          restrictions: { standing: 2, restrictedAgain: 2, unlogged: 0 },
        });
        assert.match(logged.join('\n'), /^12 forgotten users came back/m);
        assert.match(logged.join('\n'), /^2 restrictions of the privacy log were not in the key topic/m);
        for (const [index, userId] of userIds.entries()) {
          const { outcome } = keyring.open(binding, envelopes.get(userId) ?? new Uint8Array());
          assert.equal(outcome, index < 12 ? 'erased' : index < 14 ? 'restricted' : 'value', userId);
        }
      });
      await during(async ({ forgetting }) => {
        assert.equal(forgetting.lastCheck?.returned, 0);
        assert.deepEqual(forgetting.lastCheck.restrictions, {
          standing: 2,
          restrictedAgain: 0,
          unlogged: 0,
        });
        await Promise.resolve();
      });
    } finally {
      masterKeys.close();
      directory.remove();
    }
  });
}
