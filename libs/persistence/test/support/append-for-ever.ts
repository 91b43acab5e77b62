// Appends one event after the other to the database given, and says so on stdout after each acknowledgement.
import { writeSync } from 'node:fs';
import { OutboxSignal } from '@oubliette/event-sourcing';
import { outboxRecord, storedEvent } from '@oubliette/event-sourcing/testing';
import { SystemClock, SystemDisk } from '@oubliette/runtime';
import { openDatabase, TypeOrmEventStore } from '../../src/index.js';

const clock = new SystemClock();
const file = process.argv[2]!;
const database = await openDatabase({ clock, disk: new SystemDisk(), file });
const store = new TypeOrmEventStore(database, clock, new OutboxSignal());
let version = (await store.versions(['stream-1'])).get('stream-1')!;
for (;;) {
  version = await store.append('stream-1', version, [storedEvent(version + 1)], [outboxRecord(version + 1)]);
  writeSync(1, `${version}\n`);
}
