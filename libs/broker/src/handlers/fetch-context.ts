import { ErrorCode, type ErrorName, type RequestOf } from '@oubliette/protocol';
import type { RequestContext } from '../server/api-handler.js';
import { missingPartition, type PartitionAnswer, type WantedPartition } from './fetch-partition.js';
import {
  nextSessionEpoch,
  partitionName,
  type FetchSession,
  type ForgottenPartition,
} from './fetch-session.js';
import { TimeSlice } from '../log/time-slice.js';

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
  answer(answers: readonly PartitionAnswer[]): Promise<SessionAnswer>;
}

/**
 * Finds or ends the request's session (KIP-227, FetchManager.newContext); an error of the session is an answer already. A session may hold
 * very many partitions: they are gone through in slices.
 */
export async function planFetch(
  request: FetchRequest,
  context: RequestContext,
): Promise<FetchPlan | SessionAnswer> {
  const { sessionId, sessionEpoch } = request;
  const sessions = context.broker.fetchSessions;
  const usesTopicIds = context.version >= topicIdsFrom;
  const slice = new TimeSlice(context.broker.clock);
  if (sessionEpoch === initialEpoch || sessionEpoch === finalEpoch) {
    if (sessionId !== noSession) sessions.remove(sessionId);
    const wanted = await eachOnce(request, context, slice);
    if (sessionEpoch === finalEpoch) return { wanted, answer: withoutSession };
    return {
      wanted,
      answer: async (answers) => {
        const session = sessions.create(usesTopicIds, answers.length);
        if (session !== null) await slice.map(answers, (answer) => session.tell(answer));
        return { errorCode: ErrorCode.NONE, sessionId: session?.id ?? noSession, answers };
      },
    };
  }
  const session = sessions.get(sessionId);
  if (session === undefined) return sessionError('FETCH_SESSION_ID_NOT_FOUND');
  if (session.epoch !== sessionEpoch) return sessionError('INVALID_FETCH_SESSION_EPOCH');
  if (session.usesTopicIds !== usesTopicIds) return sessionError('FETCH_SESSION_TOPIC_ID_ERROR');
  // Before it is changed in slices: the same request on another connection is refused meanwhile.
  session.epoch = nextSessionEpoch(session.epoch);
  sessions.touch(session);
  await eachWanted(request, context, slice, (wanted) => session.want(wanted));
  await eachForgotten(request, context, slice, (partition) => session.forget(partition));
  if (session.size === 0) {
    sessions.remove(session.id);
    return { wanted: [], answer: withoutSession };
  }
  return {
    wanted: await slice.map(session.wanted(), (wanted) => wanted),
    answer: (answers) => answerNews(session, sessionEpoch, answers, slice),
  };
}

/**
 * A partition that is named twice is read once, where it stands first and as it is wanted last: Kafka keeps them in a LinkedHashMap
 * (FetchRequest.fetchData).
 */
async function eachOnce(
  request: FetchRequest,
  context: RequestContext,
  slice: TimeSlice,
): Promise<WantedPartition[]> {
  const usesTopicIds = context.version >= topicIdsFrom;
  const byName = new Map<string, WantedPartition>();
  await eachWanted(request, context, slice, (wanted) =>
    byName.set(partitionName(wanted, usesTopicIds), wanted),
  );
  return [...byName.values()];
}

function withoutSession(answers: readonly PartitionAnswer[]): Promise<SessionAnswer> {
  return Promise.resolve({ errorCode: ErrorCode.NONE, sessionId: noSession, answers });
}

function sessionError(error: ErrorName): SessionAnswer {
  return { errorCode: ErrorCode[error], sessionId: noSession, answers: [] };
}

async function answerNews(
  session: FetchSession,
  requestEpoch: number,
  answers: readonly PartitionAnswer[],
  slice: TimeSlice,
): Promise<SessionAnswer> {
  // The same session was used by another request while this one waited.
  if (session.epoch !== nextSessionEpoch(requestEpoch)) {
    return { errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId: session.id, answers: [] };
  }
  const news: PartitionAnswer[] = [];
  await slice.map(answers, (answer) => {
    if (session.isNews(answer)) news.push(answer);
  });
  return { errorCode: ErrorCode.NONE, sessionId: session.id, answers: news };
}

/** The request as a whole makes no sense: up to version 12 each partition says so too (FetchRequest.getErrorResponse). */
export async function refuseFetch(
  request: FetchRequest,
  context: RequestContext,
  error: ErrorName,
): Promise<SessionAnswer> {
  const answers: PartitionAnswer[] = [];
  if (context.version < topicIdsFrom) {
    const slice = new TimeSlice(context.broker.clock);
    await eachWanted(request, context, slice, (wanted) => answers.push(missingPartition(wanted, error)));
  }
  return { ...sessionError(error), answers };
}

async function eachWanted(
  request: FetchRequest,
  { version, broker }: RequestContext,
  slice: TimeSlice,
  visit: (wanted: WantedPartition) => void,
): Promise<void> {
  await slice.map(request.topics, ({ topic: name, topicId, partitions }) => {
    const topic = version >= topicIdsFrom ? broker.topics.nameOf(topicId) : name;
    return slice.map(partitions, (entry) =>
      visit({
        topicId,
        topic,
        partition: entry.partition,
        fetchOffset: entry.fetchOffset,
        maxBytes: entry.partitionMaxBytes,
        leaderEpoch: entry.currentLeaderEpoch,
        lastFetchedEpoch: entry.lastFetchedEpoch,
      }),
    );
  });
}

async function eachForgotten(
  request: FetchRequest,
  { version, broker }: RequestContext,
  slice: TimeSlice,
  visit: (forgotten: ForgottenPartition) => void,
): Promise<void> {
  await slice.map(request.forgottenTopicsData, ({ topic: name, topicId, partitions }) => {
    const topic = version >= topicIdsFrom ? broker.topics.nameOf(topicId) : name;
    return slice.map(partitions, (partition) => visit({ topicId, topic, partition }));
  });
}
