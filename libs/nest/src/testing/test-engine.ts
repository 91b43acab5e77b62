import type { Keyring, MasterKeys, UserRef } from '@oubliette/keyring';
import { InMemoryKeyTopic, openTestKeyring } from '@oubliette/keyring/testing';
import type { InMemoryKeyLog } from '@oubliette/keyring/testing';
import type { Erasure } from '@oubliette/privacy';
import { PrivacyError } from '@oubliette/privacy';
import { InMemoryErasureStore, requestedErasure } from '@oubliette/privacy/testing';
import { ManualClock, SeededEntropy } from '@oubliette/runtime/testing';
import { createEventCodec, createJsonFormat } from '@oubliette/serde';
import type { Forgetting, OublietteEngine } from '../engine/engine.js';
import { randomEventId } from '../publishing/event-ids.js';
import { InMemoryCluster } from './in-memory-cluster.js';

export interface TestEngineOptions {
  /** Default: a key that every test may know. */
  readonly masterKeys?: MasterKeys;
}

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

export async function openTestEngine({ masterKeys }: TestEngineOptions = {}): Promise<TestEngine> {
  const clock = new ManualClock();
  const entropy = new SeededEntropy(7);
  const keyTopic = new InMemoryKeyTopic({ clock });
  const keyLog = keyTopic.open();
  const own = masterKeys === undefined ? {} : { masterKeys };
  const keyring = await openTestKeyring({ topic: keyTopic, log: keyLog, clock, ...own });
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
  const refOf = (userId: string): UserRef => {
    const userRef = keyring.userRef(userId);
    if (keyring.state(userRef) === 'unknown')
      throw new PrivacyError('USER_UNKNOWN', 'This user never had a key.');
    return userRef;
  };
  const forget = async (userRef: UserRef): Promise<Erasure> => {
    const fence = await keyring.forget(userRef);
    const now = clock.now();
    const { lifecycle, erasedAt: forgottenAt } = fence;
    return store.open(
      requestedErasure({
        erasureId: randomEventId(entropy),
        userRef,
        lifecycle,
        state: 'forgotten',
        requestedAt: now,
        forgottenAt,
      }),
    );
  };
  return {
    request: async (userId) => forget(refOf(userId)),
    async requestMany(userIds) {
      const erasures: (Erasure | null)[] = [];
      for (const userRef of userIds.map((userId) => keyring.userRef(userId)))
        erasures.push(keyring.state(userRef) === 'unknown' ? null : await forget(userRef));
      return erasures;
    },
    withdraw: async (userId, purpose) => keyring.withdraw(refOf(userId), purpose),
    grant: async (userId, purpose) => keyring.grant(refOf(userId), purpose),
    checkLedger: () => Promise.resolve({ checked: 0, returned: 0, forgottenAgain: 0, unresolved: 0 }),
    lastCheck: null,
    find: (erasureId) => store.get(erasureId),
    findByUser: async (userId) => store.findByUser(keyring.userRef(userId)),
    list: (limit, before) => store.list(limit, before),
    counts: () => store.counts(),
  };
}
