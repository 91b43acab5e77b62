import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SystemDisk } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { OutboxSignal } from '@oubliette/event-sourcing';
import { openDatabase, TypeOrmEventStore, TypeOrmOutbox } from '../src/index.js';

const writer = fileURLToPath(new URL('./support/append-for-ever.js', import.meta.url));

it('keeps every acknowledged event and its outbox record through kill -9', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-kill-'));
  const file = join(directory, 'test.db');
  let acknowledged = 0;
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [writer, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const killAt = acknowledged + 40;
    for await (const line of createInterface(child.stdout)) {
      acknowledged = Number(line);
      if (acknowledged >= killAt) child.kill('SIGKILL');
    }
    await gone;
    const clock = new ManualClock();
    const database = await openDatabase({ clock, disk: new SystemDisk(), file });
    const versions = (await new TypeOrmEventStore(database, clock, new OutboxSignal()).read('stream-1')).map(
      (event) => event.version,
    );
    assert.ok(versions.length >= acknowledged, `${versions.length} of ${acknowledged}`);
    assert.deepEqual(
      versions,
      versions.map((_, index) => index + 1),
    );
    assert.equal(await new TypeOrmOutbox(database).size(), versions.length);
    await database.close();
  }
  rmSync(directory, { recursive: true });
});
