import { ErrorCode, type ErrorName, type RequestOf } from '@oubliette/protocol';
import type { RequestContext } from '../server/api-handler.js';
import { missingPartition, type PartitionAnswer, type WantedPartition } from './fetch-partition.js';
import { nextSessionEpoch, partitionName, type FetchSession } from './fetch-session.js';

type FetchRequest = RequestOf<'fetch'>;

/** The first version with topic ids in place of names. */
const topicIdsFrom = 13;
const initialEpoch = 0;
const finalEpoch = -1;
const noSession = 0;

/** What the answer to a fetch says of its session, and the partitions it holds. */
export interface SessionAnswer {
  readonly errorCode: number;
  readonly sessionId: number;
  readonly answers: readonly PartitionAnswer[];
}

/** What is to be read for a request, and what of it is to be answered (Kafka's FetchContext). */
export interface FetchPlan {
  readonly wanted: readonly WantedPartition[];
  answer(answers: readonly PartitionAnswer[]): SessionAnswer;
}

/** Finds or ends the request's session (KIP-227, FetchManager.newContext); an error of the session is an answer already. */
export function planFetch(request: FetchRequest, context: RequestContext): FetchPlan | SessionAnswer {
  const { sessionId, sessionEpoch } = request;
  const sessions = context.broker.fetchSessions;
  const usesTopicIds = context.version >= topicIdsFrom;
  if (sessionEpoch === initialEpoch || sessionEpoch === finalEpoch) {
    if (sessionId !== noSession) sessions.remove(sessionId);
    const wanted = eachOnce(wantedPartitions(request, context), usesTopicIds);
    if (sessionEpoch === finalEpoch) return { wanted, answer: withoutSession };
    return {
      wanted,
      answer: (answers) => ({
        errorCode: ErrorCode.NONE,
        sessionId: sessions.create(usesTopicIds, answers),
        answers,
      }),
    };
  }
  const session = sessions.get(sessionId);
  if (session === undefined) return sessionError('FETCH_SESSION_ID_NOT_FOUND');
  if (session.epoch !== sessionEpoch) return sessionError('INVALID_FETCH_SESSION_EPOCH');
  if (session.usesTopicIds !== usesTopicIds) return sessionError('FETCH_SESSION_TOPIC_ID_ERROR');
  session.update(wantedPartitions(request, context), forgottenPartitions(request, context));
  if (session.size === 0) {
    sessions.remove(session.id);
    return { wanted: [], answer: withoutSession };
  }
  sessions.touch(session);
  session.epoch = nextSessionEpoch(session.epoch);
  return { wanted: session.wanted(), answer: (answers) => answerNews(session, sessionEpoch, answers) };
}

/**
 * A partition that is named twice is read once, where it stands first and as it is wanted last: Kafka keeps them in a LinkedHashMap
 * (FetchRequest.fetchData).
 */
function eachOnce(wanted: readonly WantedPartition[], usesTopicIds: boolean): WantedPartition[] {
  const byName = new Map<string, WantedPartition>();
  for (const partition of wanted) byName.set(partitionName(partition, usesTopicIds), partition);
  return [...byName.values()];
}

function withoutSession(answers: readonly PartitionAnswer[]): SessionAnswer {
  return { errorCode: ErrorCode.NONE, sessionId: noSession, answers };
}

function sessionError(error: ErrorName): SessionAnswer {
  return { errorCode: ErrorCode[error], sessionId: noSession, answers: [] };
}

function answerNews(
  session: FetchSession,
  requestEpoch: number,
  answers: readonly PartitionAnswer[],
): SessionAnswer {
  // The same session was used by another request while this one waited.
  if (session.epoch !== nextSessionEpoch(requestEpoch)) {
    return { errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: session.id, answers: [] };
  }
  return { errorCode: ErrorCode.NONE, sessionId: session.id, answers: session.news(answers) };
}

/** The request as a whole makes no sense: up to version 12 each partition says so too (FetchRequest.getErrorResponse). */
export function refuseFetch(request: FetchRequest, context: RequestContext, error: ErrorName): SessionAnswer {
  const wanted = context.version >= topicIdsFrom ? [] : wantedPartitions(request, context);
  return { ...sessionError(error), answers: wanted.map((partition) => missingPartition(partition, error)) };
}

function wantedPartitions(request: FetchRequest, { version, broker }: RequestContext): WantedPartition[] {
  return request.topics.flatMap(({ topic: name, topicId, partitions }) => {
    const topic = version >= topicIdsFrom ? broker.topics.nameOf(topicId) : name;
    return partitions.map((entry) => ({
      topicId,
      topic,
      partition: entry.partition,
      fetchOffset: entry.fetchOffset,
      maxBytes: entry.partitionMaxBytes,
      leaderEpoch: entry.currentLeaderEpoch,
      lastFetchedEpoch: entry.lastFetchedEpoch,
    }));
  });
}

function forgottenPartitions(request: FetchRequest, { version, broker }: RequestContext) {
  return request.forgottenTopicsData.flatMap(({ topic: name, topicId, partitions }) => {
    const topic = version >= topicIdsFrom ? broker.topics.nameOf(topicId) : name;
    return partitions.map((partition) => ({ topicId, topic, partition }));
  });
}
