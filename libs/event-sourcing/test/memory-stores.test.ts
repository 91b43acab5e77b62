import { ManualClock } from '@oubliette/runtime/testing';
import { OutboxSignal } from '../src/index.js';
import {
  eventStoreContract,
  MemoryEventStore,
  MemoryProjectionStore,
  outboxContract,
  projectionStoreContract,
} from '../src/testing/index.js';

const close = async () => undefined;

eventStoreContract('in memory', async () => {
  const clock = new ManualClock();
  const store = new MemoryEventStore(clock);
  return { store, now: () => clock.now(), outboxSize: () => store.size(), close };
});

outboxContract('in memory', async () => {
  const signal = new OutboxSignal();
  let signals = 0;
  signal.subscribe(() => signals++);
  const store = new MemoryEventStore(new ManualClock(), signal);
  return { store, outbox: store, signals: () => signals, close };
});

projectionStoreContract('in memory', async () => {
  const store = new MemoryProjectionStore();
  return {
    store,
    put: async (tx, key, value) => tx.put(key, value),
    rows: async () => store.rows,
    close,
  };
});
