import { assertDurations } from './assert-durations.js';
import { assertConsistent, assertKnownSettings, readCleanupSettings } from './cleanup-settings.js';
import { settingFindings } from './rules.js';
import { concluded, type GuardResult, type TopicRole } from './verdict.js';
import { worstCaseOf } from './way-formulas.js';
import type { LogUse } from './worst-case.js';

/** A configuration on paper: Kafka's names and values; what is not given is Kafka's default. */
export interface BoundQuestion extends LogUse {
  readonly policy: 'delete' | 'compact';
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: `compact` asks about a key topic, `delete` about personal data. */
  readonly role?: TopicRole;
  readonly deadlineMs?: number;
}

/**
 * How long bytes can stay under these settings, and whether that will do.
 * Throws PrivacyError GUARD_SETTING_UNKNOWN, GUARD_SETTING_INVALID or GUARD_QUESTION_INVALID.
 */
export function guardBound(question: BoundQuestion): GuardResult {
  assertDurations(question);
  assertKnownSettings(Object.keys(question.settings ?? {}));
  const settings = readCleanupSettings({ ...question.settings, 'cleanup.policy': question.policy });
  assertConsistent(settings);
  const role = question.role ?? (question.policy === 'compact' ? 'key topic' : 'personal data');
  const worstCase = worstCaseOf(settings, question, 'keys');
  const deadlineMs = question.deadlineMs ?? null;
  const erasure = 'keys';
  return concluded(
    worstCase,
    settingFindings({ role, settings, erasure, use: question, worstCase, deadlineMs }),
  );
}
