import type { Keyring } from '@oubliette/keyring';
import type { ForgettingService, PrivacyStores } from '@oubliette/privacy';
import type { Forgetting } from './engine.js';

/** Forgetting as the module needs it, by the service of the privacy lib. */
export function forgettingOf(
  service: ForgettingService,
  keyring: Keyring,
  { erasures, acknowledgements }: Pick<PrivacyStores, 'erasures' | 'acknowledgements'>,
): Forgetting {
  return {
    request: (userId) => service.request(userId),
    requestMany: (userIds) => service.requestMany(userIds),
    withdraw: (userId, purpose) => service.withdraw(userId, purpose),
    grant: (userId, purpose) => service.grant(userId, purpose),
    hold: (userId, reason) => service.hold(userId, reason),
    liftHold: (userId, reason) => service.liftHold(userId, reason),
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
    counts: () => erasures.counts(),
  };
}
