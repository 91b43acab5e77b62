import { assertDurations } from './assert-durations.js';
import { judgeSight, wayOf, withSeenTransactions } from './check-topic.js';
import type { SightQuestion, TopicVerdict } from './check-topic.js';
import { readCleanupSettings, type CleanupSettings } from './cleanup-settings.js';
import { largestCompactionLagMs, largestSegmentMs } from './deadline-advice.js';
import type { TopicSight } from './topic-sight.js';
import { isByRetention, worstCaseOf } from './way-formulas.js';
import type { WorstCase } from './worst-case.js';

/** One setting of a topic to be set. `from` is what is in force, null where the cluster does not tell. */
export interface SettingChange {
  readonly name: string;
  readonly from: string | null;
  readonly to: string;
  readonly because: string;
}

/** What to set so that a topic meets its deadline. `after.reasons` has what no setting of the topic mends. */
export interface FittingPlan {
  readonly before: TopicVerdict;
  /** The verdict that the changes would come to: `before` where there are none. */
  readonly after: TopicVerdict;
  readonly changes: readonly SettingChange[];
}

export interface FittingQuestion extends SightQuestion {
  readonly deadlineMs: number;
  /** retention.ms may be shortened to this, in ms; without it retention stays as it is. */
  readonly retentionMs?: number;
}

type Wanted = Map<string, { readonly to: string; readonly because: string }>;

/** A partition's files: more segments than these, and rolling costs more than it is worth. */
const mostSegments = 1_000;
/** The module's own segment.ms of a key topic: an erasure then takes minutes, whatever the deadline. */
const usualKeyLagMs = 600_000;
const enoughInSync = 2;

/**
 * The settings that would bring a topic within its deadline, and no others: what passes already is left alone.
 * It never shortens retention.ms unless told how far, and never lowers a lag below what readers were promised.
 */
export function fittingSettings(sight: TopicSight, asked: FittingQuestion): FittingPlan {
  assertDurations({ retentionMs: asked.retentionMs });
  const before = judgeSight(sight, asked);
  const question = { ...asked, use: withSeenTransactions(asked.use ?? {}, sight) };
  const wanted: Wanted = new Map();
  if (question.role === 'key topic') wantKeyTopic(sight, question, wanted);
  else wantPersonalData(sight, question, wanted);
  wantInSync(sight, question, wanted);
  const changes = changesFrom(sight.description.configs, wanted);
  const after = changes.length === 0 ? before : judgeSight(withChanges(sight, changes), question);
  return { before, after, changes };
}

/** The same sight as it would be with these settings. */
function withChanges(sight: TopicSight, changes: readonly SettingChange[]): TopicSight {
  const configs = { ...sight.description.configs };
  for (const { name, to } of changes) configs[name] = to;
  return { ...sight, description: { ...sight.description, configs } };
}

/** Numbers count as equal however they are written (`0` and `0.0`). */
function changesFrom(standing: Readonly<Record<string, string>>, wanted: Wanted): SettingChange[] {
  const changes: SettingChange[] = [];
  for (const [name, { to, because }] of wanted) {
    const from = standing[name] ?? null;
    const isSame = from === to || (from !== null && from.trim() !== '' && Number(from) === Number(to));
    if (!isSame) changes.push({ name, from, to, because });
  }
  return changes;
}

function wantPersonalData(sight: TopicSight, question: FittingQuestion, wanted: Wanted): void {
  const { settings } = slowest(sight, question, wanted);
  // Another policy is for the application to choose: compaction takes all but the last record of a key.
  if (
    wayOf(question) === 'tombstone' ? !settings.compacts : wayOf(question) === 'expiry' && !settings.deletes
  )
    return;
  if (!isByRetention(settings, wayOf(question))) {
    wantCompactionLag(sight, question, wanted, Number.POSITIVE_INFINITY);
    return;
  }
  const { retentionMs } = question;
  if (retentionMs !== undefined && slowest(sight, question, wanted).settings.retentionMs > retentionMs)
    wanted.set('retention.ms', { to: `${retentionMs}`, because: 'as asked' });
  wantSegment(sight, question, wanted);
}

/** The clients' clocks are given up only where the deadline cannot be met with them. */
function wantSegment(sight: TopicSight, question: FittingQuestion, wanted: Wanted): void {
  const { worstCaseMs } = slowest(sight, question, wanted).worstCase;
  if (worstCaseMs !== null && worstCaseMs <= question.deadlineMs) return;
  for (const append of [false, true]) {
    const tried = new Map(wanted);
    if (append)
      tried.set('message.timestamp.type', {
        to: 'LogAppendTime',
        because: 'no segment.ms that is of use fits beside a client’s clock',
      });
    const { settings, worstCase } = slowest(sight, question, tried);
    const fits = largestSegmentMs(settings, worstCase, question.deadlineMs);
    if (fits === null || fits * mostSegments < settings.retentionMs) continue;
    if (settings.segmentMs > fits)
      tried.set('segment.ms', { to: `${fits}`, because: 'the largest that meets the deadline' });
    for (const [name, change] of tried) wanted.set(name, change);
    return;
  }
}

function wantKeyTopic(sight: TopicSight, question: FittingQuestion, wanted: Wanted): void {
  const { uncleanLeaderElection, deletes } = slowest(sight, question, wanted).settings;
  if (deletes)
    wanted.set('cleanup.policy', { to: 'compact', because: 'the policy delete deletes living keys' });
  wanted.set('message.timestamp.type', {
    to: 'LogAppendTime',
    because: 'a writer’s clock cannot hold up rolling',
  });
  wanted.set('min.cleanable.dirty.ratio', { to: '0', because: 'any dirty byte makes the log due' });
  wanted.set('min.compaction.lag.ms', { to: '0', because: 'a tombstone need not wait' });
  if (uncleanLeaderElection)
    wanted.set('unclean.leader.election.enable', {
      to: 'false',
      because: 'a lost tombstone brings a key back',
    });
  const away = question.use?.readersLongestOutageMs ?? 0;
  if (slowest(sight, question, wanted).settings.deleteRetentionMs < away)
    wanted.set('delete.retention.ms', { to: `${away}`, because: 'a reader may be away for so long' });
  wantCompactionLag(sight, question, wanted, usualKeyLagMs);
}

/** Where compaction is too slow: both lags at most `usualMs`, or what the deadline leaves. */
function wantCompactionLag(
  sight: TopicSight,
  question: FittingQuestion,
  wanted: Wanted,
  usualMs: number,
): void {
  const { settings, worstCase } = slowest(sight, question, wanted);
  const { worstCaseMs } = worstCase;
  if (worstCaseMs !== null && worstCaseMs <= question.deadlineMs) return;
  const fits = largestCompactionLagMs(settings, question.use ?? {}, wayOf(question), question.deadlineMs);
  const lagMs = fits === null ? null : Math.min(fits, usualMs);
  // The broker takes no maximal lag below the minimal one.
  if (lagMs === null || lagMs < settings.minCompactionLagMs) return;
  const because = 'a segment rolls, and is due, before the deadline';
  // The smaller of the two rolls a segment: for a key topic both say so, elsewhere one is enough.
  if (question.role === 'key topic' && settings.segmentMs > lagMs)
    wanted.set('segment.ms', { to: `${lagMs}`, because });
  if (settings.maxCompactionLagMs > lagMs) wanted.set('max.compaction.lag.ms', { to: `${lagMs}`, because });
}

function wantInSync({ description, brokers }: TopicSight, question: FittingQuestion, wanted: Wanted): void {
  const replicas = Math.min(...description.partitions.map((partition) => partition.replicas.length));
  if (!Number.isFinite(replicas)) return;
  const { minInsyncReplicas } = readCleanupSettings(description.configs, brokers[0]);
  if (minInsyncReplicas > replicas)
    wanted.set('min.insync.replicas', {
      to: `${Math.min(enoughInSync, replicas)}`,
      because: `there are ${replicas} replicas, and nothing is cleaned with fewer in sync than asked`,
    });
  else if (question.role === 'key topic' && minInsyncReplicas < enoughInSync && replicas >= enoughInSync)
    wanted.set('min.insync.replicas', {
      to: `${enoughInSync}`,
      because: 'a tombstone that one broker has can be lost with it',
    });
}

/** The broker on which bytes stay longest, with what is wanted so far. */
function slowest(
  { description, brokers }: TopicSight,
  question: FittingQuestion,
  wanted: Wanted,
): { readonly settings: CleanupSettings; readonly worstCase: WorstCase } {
  const configs = { ...description.configs };
  for (const [name, { to }] of wanted) configs[name] = to;
  const cases = brokers.map((broker) => {
    const settings = readCleanupSettings(configs, broker);
    return { settings, worstCase: worstCaseOf(settings, question.use ?? {}, wayOf(question)) };
  });
  const [first, ...others] = cases;
  if (first === undefined) throw new TypeError('a sight has at least one broker');
  return others.reduce(
    (worst, next) => (lengthOf(next.worstCase) > lengthOf(worst.worstCase) ? next : worst),
    first,
  );
}

function lengthOf({ worstCaseMs }: WorstCase): number {
  return worstCaseMs ?? Number.POSITIVE_INFINITY;
}
