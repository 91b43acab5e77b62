import type { TopicAdmin } from '@oubliette/kafka';
import { sleep, type Clock } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import type { TopicVerdict } from './check-topic.js';
import { fittingSettings, type FittingPlan, type FittingQuestion } from './fitting-settings.js';
import { seeTopics, type ClusterView } from './topic-sight.js';

/** Brokers hear of a new setting a moment after the controller took it. */
const readBackTimes = 20;
const readBackEveryMs = 250;

/**
 * Sets what the plan changes, nothing else (incrementally), reads the topic again until it has it, and judges it anew.
 * Throws PrivacyError GUARD_NOT_APPLIED, naming the settings, when the cluster does not show them within 5 s; else the admin
 * client's errors.
 */
export async function applyFitting(
  admin: ClusterView & Pick<TopicAdmin, 'setTopicConfigs'>,
  plan: FittingPlan,
  question: FittingQuestion,
  clock: Clock,
  signal?: AbortSignal,
): Promise<TopicVerdict> {
  const { topic } = plan.before;
  const wanted = Object.fromEntries(plan.changes.map(({ name, to }) => [name, to]));
  if (plan.changes.length > 0) await admin.setTopicConfigs(topic, wanted);
  for (let times = 1; ; times++) {
    const [sight] = await seeTopics(admin, [topic]);
    if (sight !== undefined) {
      const { before, changes } = fittingSettings(sight, question);
      const missing = changes.filter(({ name }) => name in wanted);
      if (missing.length === 0) return before;
      if (times === readBackTimes)
        throw new PrivacyError(
          'GUARD_NOT_APPLIED',
          `The cluster took the settings of ${topic} and does not show them: ${missing.map(({ name }) => name).join(', ')}. Look at it with topics describe, and try again.`,
        );
    } else if (times === readBackTimes)
      throw new PrivacyError('GUARD_NOT_APPLIED', `The topic ${topic} is no longer there.`);
    await sleep(clock, readBackEveryMs, signal);
  }
}
