import { assertDurations } from './assert-durations.js';
import { readCleanupSettings } from './cleanup-settings.js';
import { liveFindings } from './live-rules.js';
import { replicaFindings } from './replica-rules.js';
import { settingFindings } from './rules.js';
import type { ErasureWay } from '../ways/erasure-way.js';
import { seeTopics, type ClusterView, type TopicSight } from './topic-sight.js';
import { concluded, type Finding, type GuardResult, type TopicRole } from './verdict.js';
import { worstCaseOf } from './way-formulas.js';
import type { LogUse, WorstCase } from './worst-case.js';

export interface TopicVerdict extends GuardResult {
  readonly topic: string;
  readonly role: TopicRole;
  /** ms; null where only the absence of a bound is refused. */
  readonly deadlineMs: number | null;
}

export interface TopicUse extends LogUse {
  /** Longest time in ms that a reader with keys in memory may be away. */
  readonly readersLongestOutageMs?: number;
  /** Names of what stands in brokers' log directories, where somebody could read those. */
  readonly directoryNames?: readonly string[];
}

/** What a topic is held against. */
export interface SightQuestion {
  readonly role: TopicRole;
  readonly deadlineMs: number | null;
  /** How the records of a topic with personal data end; default: with their keys alone. */
  readonly erasure?: ErasureWay;
  /**
   * For compaction, `gapMs` says how long a partition can go without an append (the nudger's pace); without it: idle, and where records are
   * tombstoned, the nudger's own.
   */
  readonly use?: TopicUse;
}

/**
 * Judges one topic of a live cluster: its settings in force, those of each broker that holds it, its replicas, and what
 * the brokers say about its logs. The broker on which bytes stay longest decides.
 * Throws PrivacyError GUARD_SETTING_INVALID or GUARD_QUESTION_INVALID.
 */
export function judgeSight(sight: TopicSight, question: SightQuestion): TopicVerdict {
  const { role, deadlineMs, use: asked = {} } = question;
  const erasure = wayOf(question);
  assertDurations({ ...asked, deadlineMs });
  const use = withSeenTransactions(asked, sight);
  const { readersLongestOutageMs } = use;
  const findings = new Map<string, Finding>();
  let longest: WorstCase | null = null;
  for (const broker of sight.brokers) {
    const settings = readCleanupSettings(sight.description.configs, broker);
    const worstCase = worstCaseOf(settings, use, erasure);
    longest = longest === null || isLonger(worstCase, longest) ? worstCase : longest;
    const outage = readersLongestOutageMs === undefined ? {} : { readersLongestOutageMs };
    for (const finding of [
      ...settingFindings({ role, settings, erasure, use, worstCase, deadlineMs, ...outage }),
      ...replicaFindings(sight.description, settings, role),
      ...liveFindings(sight, settings, use.directoryNames ?? []),
    ])
      // Brokers that are alike have the same to say.
      findings.set(finding.text, finding);
  }
  if (longest === null) throw new TypeError('a sight has at least one broker');
  return { topic: sight.description.name, role, deadlineMs, ...concluded(longest, [...findings.values()]) };
}

/** Judges several topics, read through an admin client; `questionOf` says what each is held against. */
export async function checkTopics(
  cluster: ClusterView,
  names: readonly string[],
  questionOf: (topic: string) => SightQuestion,
): Promise<TopicVerdict[]> {
  const sights = await seeTopics(cluster, names);
  return sights.map((sight) => judgeSight(sight, questionOf(sight.description.name)));
}

/** A key topic's records end in one way. */
export function wayOf({ role, erasure }: SightQuestion): ErasureWay {
  return role === 'key topic' ? 'keys' : (erasure ?? 'keys');
}

/** Who has written a transaction to a topic may write one again. */
export function withSeenTransactions(use: TopicUse, { description, inspection }: TopicSight): TopicUse {
  const seen = inspection?.transactionalProducers.some(({ topic }) => topic === description.name) ?? false;
  return seen ? { ...use, openTransactions: true } : use;
}

function isLonger(a: WorstCase, b: WorstCase): boolean {
  return (a.worstCaseMs ?? Number.POSITIVE_INFINITY) > (b.worstCaseMs ?? Number.POSITIVE_INFINITY);
}
