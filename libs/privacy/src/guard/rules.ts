import type { CleanupSettings } from './cleanup-settings.js';
import { compactAdvice, deleteAdvice } from './deadline-advice.js';
import type { ErasureWay } from '../ways/erasure-way.js';
import { durationSettings } from './setting-names.js';
import { spellDuration } from './spell-duration.js';
import type { Finding, TopicRole } from './verdict.js';
import { isByRetention } from './way-formulas.js';
import type { LogUse, WorstCase } from './worst-case.js';

/** What is judged: settings and use of a topic's log, its worst case, and the deadline where there is one (ms). */
export interface GuardCase {
  readonly role: TopicRole;
  readonly settings: CleanupSettings;
  readonly erasure: ErasureWay;
  readonly use: LogUse;
  readonly worstCase: WorstCase;
  readonly deadlineMs: number | null;
  /** Longest time in ms that a reader with keys in memory may be away, where it is known. */
  readonly readersLongestOutageMs?: number;
}

/** Everything to be said about settings alone; replicas are judged where a cluster is seen. */
export function settingFindings(question: GuardCase): Finding[] {
  return [
    ...policyFindings(question),
    ...unboundedFindings(question),
    ...deadlineFindings(question),
    ...clockFindings(question),
    ...cleanerFindings(question),
    ...copyFindings(question),
  ];
}

function policyFindings({ role, settings, erasure }: GuardCase): Finding[] {
  if (role === 'key topic' && settings.deletes)
    return [
      refuse(
        'cleanup.policy with delete on the key topic deletes living keys: everybody is forgotten. Set cleanup.policy=compact.',
      ),
    ];
  if (!hasPolicyOf(erasure, settings))
    return [
      refuse(
        erasure === 'tombstone'
          ? 'Erasure by tombstones needs compaction, and cleanup.policy is delete: a record without a value takes no earlier one. Set cleanup.policy=compact, once every record has a key of its own (compaction keeps the last of each key).'
          : 'Erasure by expiry needs retention, and cleanup.policy is compact: no record expires. Set cleanup.policy=delete and retention.ms.',
      ),
    ];
  return [];
}

/** Whether the log is cleaned in the way that ends its records at all: without, no figure says anything. */
function hasPolicyOf(erasure: ErasureWay, { compacts, deletes }: CleanupSettings): boolean {
  return erasure === 'keys' || (erasure === 'tombstone' ? compacts : deletes);
}

function unboundedFindings({ role, settings, erasure, use }: GuardCase): Finding[] {
  const findings: Finding[] = [];
  if (!hasPolicyOf(erasure, settings)) return findings;
  const byRetention = isByRetention(settings, erasure);
  if (byRetention && role === 'personal data' && settings.retentionMs === Number.POSITIVE_INFINITY)
    findings.push(
      refuse('retention.ms=-1 keeps records for ever: retention.bytes bounds no time. Set retention.ms.'),
    );
  if (!byRetention) {
    if (settings.minCleanableDirtyRatio > 0 && settings.maxCompactionLagMs === Number.POSITIVE_INFINITY)
      findings.push(
        refuse(
          `min.cleanable.dirty.ratio=${settings.minCleanableDirtyRatio} without max.compaction.lag.ms lets a small dirty part wait for ever. Set max.compaction.lag.ms, or the ratio to 0.`,
        ),
      );
    // Where records are tombstoned, the nudger appends.
    const usualGapMs = erasure === 'tombstone' ? 0 : Number.POSITIVE_INFINITY;
    if ((use.gapMs ?? usualGapMs) === Number.POSITIVE_INFINITY)
      findings.push(
        refuse(
          'In an idle partition no segment rolls and compaction never sees the last one: somebody must append (a nudger), so give the longest pause between appends.',
        ),
      );
    if (settings.minCompactionLagMs > settings.maxCompactionLagMs)
      findings.push(
        refuse('min.compaction.lag.ms above max.compaction.lag.ms is invalid: the broker rejects it.'),
      );
  }
  return findings;
}

function deadlineFindings(question: GuardCase): Finding[] {
  const { settings, erasure, use, worstCase, deadlineMs } = question;
  if (deadlineMs === null || !hasPolicyOf(erasure, settings)) return [];
  if (worstCase.worstCaseMs !== null && worstCase.worstCaseMs <= deadlineMs) return [];
  // Why compaction has no bound is said already, and no segment.ms helps then.
  const byRetention = isByRetention(settings, erasure);
  if (!byRetention && unboundedFindings(question).length > 0) return [];
  return [
    refuse(
      byRetention
        ? deleteAdvice(settings, worstCase, deadlineMs)
        : compactAdvice(settings, use, erasure, worstCase, deadlineMs),
    ),
  ];
}

function clockFindings({ settings }: GuardCase): Finding[] {
  if (settings.logAppendTime) return [];
  const ahead = settings.timestampAfterMaxMs;
  if (ahead === Number.POSITIVE_INFINITY)
    return [
      refuse(
        'message.timestamp.type=CreateTime with an unbounded message.timestamp.after.max.ms: one record dated ahead holds up all that follow. Set LogAppendTime.',
      ),
    ];
  return ahead === 0
    ? []
    : [
        warn(
          `message.timestamp.type=CreateTime lets a client date a record up to ${spellDuration(ahead)} ahead, and it stays that much longer.${settings.compacts ? ' Records dated back do not roll a segment, so that no bound holds where all clocks are behind.' : ''} Prefer LogAppendTime.`,
        ),
      ];
}

function cleanerFindings({ role, settings, use, readersLongestOutageMs }: GuardCase): Finding[] {
  if (!settings.compacts) return [];
  const findings: Finding[] = [];
  if (!settings.cleanerEnabled)
    findings.push(refuse('log.cleaner.enable=false: nothing is ever cleaned. Turn the cleaner on.'));
  if (use.openTransactions)
    findings.push(
      warn(
        `An open transaction holds the cleaner up for as long as transaction.max.timeout.ms (${spellDuration(settings.transactionMaxTimeoutMs)}), a hanging one for ever.`,
      ),
    );
  if (readersLongestOutageMs !== undefined && settings.deleteRetentionMs < readersLongestOutageMs)
    findings.push(
      refuse(
        `delete.retention.ms=${settings.deleteRetentionMs} is shorter than the ${spellDuration(readersLongestOutageMs)} that a reader may be away: it would miss a tombstone and keep the key.`,
      ),
    );
  if (role === 'key topic' && settings.uncleanLeaderElection)
    findings.push(
      refuse(
        'unclean.leader.election.enable=true can lose a tombstone and bring a key back. Set it to false.',
      ),
    );
  return findings;
}

function copyFindings({ role, settings, erasure }: GuardCase): Finding[] {
  const findings: Finding[] = [];
  if (settings.remoteStorage)
    findings.push(
      refuse(
        'remote.storage.enable=true: local deletion waits for the upload, and a second copy is outside of these bounds.',
      ),
    );
  if (role === 'personal data' && isByRetention(settings, erasure) && hasDefaultTimes(settings))
    findings.push(
      warn(
        'segment.ms and retention.ms are the defaults, as in a topic made by accident: a record can stay for two weeks.',
      ),
    );
  return findings;
}

/** As a topic has them that nobody set up. */
export function hasDefaultTimes(settings: CleanupSettings): boolean {
  const { segmentMs, retentionMs } = durationSettings;
  return settings.segmentMs === segmentMs.fallback && settings.retentionMs === retentionMs.fallback;
}

function refuse(text: string): Finding {
  return { level: 'refuse', text };
}

function warn(text: string): Finding {
  return { level: 'warn', text };
}
