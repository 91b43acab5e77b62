import type { TopicAdmin } from '@oubliette/kafka';
import {
  checkTopics,
  erasureTopicOf,
  ledgerTopicOf,
  nudgerGapMs,
  readCleanupSettings,
  type ErasureWay,
  type TopicRole,
  type TopicUse,
  type TopicVerdict,
} from '@oubliette/privacy';
import type { CliContext } from './context.js';
import { readRunningSample } from './sample/running-sample.js';

/** The key topic's name where nobody says another. */
const usualKeyTopic = 'oubliette.keys';

export interface TopicQuestion {
  readonly dataDir: string;
  readonly deadlineMs: number | null;
  /** Without: all topics but internal ones (`__…`). */
  readonly topics?: readonly string[];
  readonly keyTopic?: string;
  /** How the records of topics other than the key topic end; without: with their keys alone. */
  readonly erasure?: ErasureWay;
  /** Without: the pace of the nudger for the key topic and for topics with tombstones, idle for others. */
  readonly gapMs?: number;
  readonly readersLongestOutageMs?: number;
  /** Log directories of brokers that this machine can read. */
  readonly logDirs?: readonly string[];
}

/**
 * As given, else as the sample in the data directory says, else the usual one. The sample is believed only where the
 * cluster has such a topic: the data directory may be of a sample on other brokers.
 */
export async function keyTopicName(
  context: CliContext,
  admin: TopicAdmin,
  dataDir: string,
  given: string | undefined,
): Promise<string> {
  if (given !== undefined) return given;
  const ofSample = readRunningSample(context.disk, dataDir)?.keyTopic ?? usualKeyTopic;
  if (ofSample === usualKeyTopic) return usualKeyTopic;
  const existing = await admin.listTopics();
  return existing.includes(ofSample) || !existing.includes(usualKeyTopic) ? ofSample : usualKeyTopic;
}

/** Verdicts on topics of a live cluster: the key topic by its own rules, all others as topics with personal data. */
export async function judgeTopics(
  context: CliContext,
  admin: TopicAdmin,
  question: TopicQuestion,
): Promise<TopicVerdict[]> {
  const names = question.topics ?? (await admin.listTopics()).filter((name) => !name.startsWith('__'));
  const { roleOf, useOf, isNudged } = await topicRoles(context, admin, question, names);
  const { deadlineMs, erasure } = question;
  const verdicts = await checkTopics(admin, names, (topic) => ({
    role: roleOf(topic),
    deadlineMs,
    use: useOf(topic),
    ...(erasure !== undefined && { erasure }),
  }));
  return verdicts.map((verdict) =>
    isNudged(verdict.topic) ? { ...verdict, notes: [...verdict.notes, nudgerNote] } : verdict,
  );
}

/** Without those that hold pseudonyms alone, for as long as a ledger does: Kafka's own, the ledger's mirror, questions to processors. */
export async function topicsOfPeople(
  context: CliContext,
  admin: TopicAdmin,
  { dataDir, keyTopic: given }: Pick<TopicQuestion, 'dataDir' | 'keyTopic'>,
): Promise<string[]> {
  const keyTopic = await keyTopicName(context, admin, dataDir, given);
  const pseudonymous = new Set([ledgerTopicOf(keyTopic), erasureTopicOf(keyTopic)]);
  const topics = await admin.listTopics();
  return topics.filter((name) => !name.startsWith('__') && !pseudonymous.has(name));
}

export interface TopicRoles {
  readonly roleOf: (topic: string) => TopicRole;
  readonly useOf: (topic: string) => TopicUse;
  /** Whether the verdict supposes a running nudger. */
  readonly isNudged: (topic: string) => boolean;
}

/** What each of these topics is there for, and how it is used. */
export async function topicRoles(
  context: CliContext,
  admin: TopicAdmin,
  question: Omit<TopicQuestion, 'deadlineMs' | 'topics'>,
  names: readonly string[],
): Promise<TopicRoles> {
  const { gapMs, readersLongestOutageMs, logDirs } = question;
  const keyTopic = await keyTopicName(context, admin, question.dataDir, question.keyTopic);
  const isKeyTopic = (topic: string): boolean => topic === keyTopic;
  const isNudged = (topic: string): boolean =>
    gapMs === undefined && (isKeyTopic(topic) || question.erasure === 'tombstone');
  const pace = gapMs === undefined && names.some(isKeyTopic) ? await nudgerPace(admin, keyTopic) : undefined;
  const directoryNames = (logDirs ?? []).flatMap((path) =>
    context.disk.listSync(path).map(({ name }) => name),
  );
  return {
    roleOf: (topic) => (isKeyTopic(topic) ? 'key topic' : 'personal data'),
    isNudged,
    useOf: (topic) => {
      const gap = isKeyTopic(topic) ? (gapMs ?? pace) : gapMs;
      return {
        directoryNames,
        ...(gap !== undefined && { gapMs: gap }),
        ...(readersLongestOutageMs !== undefined && { readersLongestOutageMs }),
      };
    },
  };
}

export const nudgerNote =
  'Holds while an application with its nudger runs; without one there is no bound (--gap says how long a partition may go without an append).';

async function nudgerPace(admin: TopicAdmin, keyTopic: string): Promise<number> {
  const [[description], broker] = await Promise.all([
    admin.describeTopics([keyTopic]),
    admin.brokerConfigs(),
  ]);
  return nudgerGapMs(readCleanupSettings(description?.configs ?? {}, broker));
}
