import type { Keyring } from '@oubliette/keyring';
import type { ForgettingService, PrivacyStores } from '@oubliette/privacy';
import { OublietteError } from '../errors.js';
import type { Forgetting } from './engine.js';

/** Forgetting as the module needs it, by the service of the privacy lib. */
export function forgettingOf(
  service: ForgettingService,
  keyring: Keyring,
  { erasures, acknowledgements }: Pick<PrivacyStores, 'erasures' | 'acknowledgements'>,
): Forgetting {
  let hasBegun = false;
  return {
    begin: async (topics) => {
      await service.resume(topics);
      hasBegun = true;
    },
    request: async (userId) => {
      assertBegun(hasBegun);
      return service.request(userId);
    },
    requestMany: async (userIds) => {
      assertBegun(hasBegun);
      return service.requestMany(userIds);
    },
    withdraw: (userId, purpose) => service.withdraw(userId, purpose),
    grant: (userId, purpose) => service.grant(userId, purpose),
    hold: (userId, reason) => service.hold(userId, reason),
    liftHold: async (userId, reason) => {
      assertBegun(hasBegun);
      return service.liftHold(userId, reason);
    },
    holdOf: (userId) => service.holdOf(userId),
    extend: (erasureId, reason) => service.extend(erasureId, reason),
    standings: async (asked) => {
      const answers = await acknowledgements.of(asked.map(({ erasureId }) => erasureId));
      return Promise.all(
        asked.map(async (erasure) => ({
          ...(await service.standing(erasure)),
          acknowledgements: answers.get(erasure.erasureId) ?? [],
        })),
      );
    },
    blocked: () => service.blocked,
    inDanger: () => service.deadlines.counts(),
    onDeadline: (listener) => service.deadlines.onAlert(listener),
    checkLedger: () => service.checkLedger(),
    get lastCheck() {
      return service.lastCheck;
    },
    find: (erasureId) => service.find(erasureId),
    findByUser: async (userId) => erasures.findByUser(keyring.userRef(userId)),
    list: (limit, before) => erasures.list(limit, before),
    due: (limit, withinMs) => service.due(limit, withinMs),
    counts: () => erasures.counts(),
  };
}

function assertBegun(hasBegun: boolean): void {
  if (hasBegun) return;
  throw new OublietteError(
    'FORGETTING_NOT_BEGUN',
    'Nobody can be forgotten before the application has started: which topics keep records of users is not known yet. Forget after app.init().',
  );
}
