import type { Keyring } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import type { InMemoryKeyLog } from '@oubliette/keyring/testing';
import type { Erasure } from '@oubliette/privacy';
import { PrivacyError } from '@oubliette/privacy';
import { InMemoryErasureStore } from '@oubliette/privacy/testing';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import type { Forgetting, OublietteEngine } from '../engine/engine.js';
import { randomEventId } from '../publishing/event-ids.js';
import { InMemoryCluster } from './in-memory-cluster.js';

/** An engine on memory for tests of applications: no broker, no timers. `cluster.deliver()` hands records to handlers. */
export interface TestEngine extends OublietteEngine {
  readonly cluster: InMemoryCluster;
  readonly keyTopic: InMemoryKeyTopic;
  /** The engine's own view of the key topic: hold it and the engine lags behind. */
  readonly keyLog: InMemoryKeyLog;
  readonly clock: ManualClock;
  /** Makes readiness fail. */
  fresh: boolean;
  readonly closed: boolean;
}

export async function openTestEngine(): Promise<TestEngine> {
  const clock = new ManualClock();
  const entropy = new SeededEntropy(7);
  const keyTopic = new InMemoryKeyTopic({ clock });
  const keyLog = keyTopic.open();
  const keyring = await openTestKeyring({ topic: keyTopic, log: keyLog, clock });
  const cluster = new InMemoryCluster(clock);
  let closed = false;
  const engine: TestEngine = {
    clock,
    entropy,
    keyring,
    keyTopic,
    keyLog,
    cluster,
    codec: createEventCodec({ keyring, format: createJsonFormat() }),
    producer: cluster.producer(),
    admin: cluster.admin(),
    forgetting: forgettingOn(keyring, new InMemoryErasureStore(), clock, entropy),
    createConsumer: (options) => cluster.consumer(options),
    fresh: true,
    keysFresh: () => Promise.resolve(engine.fresh),
    get closed() {
      return closed;
    },
    close: async () => {
      closed = true;
      await keyring.close();
    },
  };
  return engine;
}

/** Forgets at once and nudges nothing: there is no log that bytes could stay in. */
function forgettingOn(
  keyring: Keyring,
  store: InMemoryErasureStore,
  clock: ManualClock,
  entropy: SeededEntropy,
): Forgetting {
  return {
    async request(userId) {
      const userRef = keyring.userRef(userId);
      if (keyring.state(userRef) === 'unknown')
        throw new PrivacyError('USER_UNKNOWN', 'This user never had a key.');
      const fence = await keyring.forget(userRef);
      const now = clock.now();
      const erasure: Erasure = {
        erasureId: randomEventId(entropy),
        userRef,
        lifecycle: fence.lifecycle,
        state: 'forgotten',
        requestedAt: now,
        deadline: now + 86_400_000,
        boundMs: null,
        forgottenAt: fence.erasedAt,
        erasedAt: null,
        note: null,
      };
      return store.open(erasure);
    },
    find: (erasureId) => store.get(erasureId),
    findByUser: async (userId) => store.findByUser(keyring.userRef(userId)),
    list: (limit, before) => store.list(limit, before),
    counts: () => store.counts(),
  };
}
