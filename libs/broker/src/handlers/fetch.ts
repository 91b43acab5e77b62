import { apis, ErrorCode, KafkaError, type RequestOf } from '@oubliette/protocol';
import type { PartitionLog } from '../log/partition-log.js';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { answerError } from './answer-error.js';

/*
 * Fetch, versions 4 to 18 (topic ids from 13 on). No fetch sessions: session id 0 is answered, so clients send full requests.
 * A fetch that finds less than minBytes waits, without a timer of its own, until enough was appended or maxWaitMs is over.
 * One whole batch is always answered, even when it is larger than the bounds (KIP-74).
 */

type FetchRequest = RequestOf<'fetch'>;

interface Wanted {
  readonly partition: number;
  readonly offset: bigint;
  readonly maxBytes: number;
  readonly leaderEpoch: number;
}

interface PartitionAnswer {
  readonly partitionIndex: number;
  readonly errorCode: number;
  readonly highWatermark: bigint;
  readonly lastStableOffset: bigint;
  readonly logStartOffset: bigint;
  readonly abortedTransactions: readonly { producerId: bigint; firstOffset: bigint }[] | null;
  readonly records: Uint8Array;
}

interface Attempt {
  readonly responses: { topic: string; topicId: string; partitions: PartitionAnswer[] }[];
  /** With what could be read of each when it was looked at. */
  readonly seen: { log: PartitionLog; highWatermark: bigint }[];
  bytes: number;
  hasError: boolean;
}

const nothing = new Uint8Array(0);
/** A log of this broker is led by it since ever. */
const leaderEpoch = 0;

function refused(partitionIndex: number, errorCode: number): PartitionAnswer {
  const unknown = { highWatermark: -1n, lastStableOffset: -1n, logStartOffset: -1n };
  return { partitionIndex, errorCode, ...unknown, abortedTransactions: null, records: nothing };
}

function checkEpoch(asked: number): void {
  if (asked > leaderEpoch) throw new KafkaError('UNKNOWN_LEADER_EPOCH');
}

async function read(
  log: PartitionLog,
  wanted: Wanted,
  remaining: number,
  isFirst: boolean,
): Promise<PartitionAnswer> {
  checkEpoch(wanted.leaderEpoch);
  const { offset, partition: partitionIndex } = wanted;
  if (offset < log.logStartOffset || offset > log.logEndOffset) throw new KafkaError('OFFSET_OUT_OF_RANGE');
  const found =
    offset >= log.highWatermark || (remaining <= 0 && !isFirst)
      ? {
          records: nothing,
          highWatermark: log.highWatermark,
          lastStableOffset: log.highWatermark,
          logStartOffset: log.logStartOffset,
        }
      : await log.read(offset, Math.max(0, Math.min(wanted.maxBytes, remaining)), { minOneBatch: isFirst });
  return { partitionIndex, errorCode: ErrorCode.NONE, ...found, abortedTransactions: null };
}

async function attemptFetch(
  request: FetchRequest,
  context: RequestContext,
  maxBytes: number,
): Promise<Attempt> {
  const { broker, version } = context;
  const attempt: Attempt = { responses: [], seen: [], bytes: 0, hasError: false };
  for (const { topic: asked, topicId, partitions } of request.topics) {
    const topic = version >= 13 ? broker.topics.nameOf(topicId) : asked;
    const answers: PartitionAnswer[] = [];
    for (const entry of partitions) {
      const wanted: Wanted = {
        partition: entry.partition,
        offset: entry.fetchOffset,
        maxBytes: entry.partitionMaxBytes,
        leaderEpoch: entry.currentLeaderEpoch,
      };
      try {
        if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_ID');
        const log = broker.topics.log(topic, entry.partition);
        const answer = await read(log, wanted, maxBytes - attempt.bytes, attempt.bytes === 0);
        attempt.seen.push({ log, highWatermark: answer.highWatermark });
        attempt.bytes += answer.records.length;
        answers.push(answer);
      } catch (error) {
        attempt.hasError = true;
        answers.push(refused(entry.partition, answerError(error, broker.logger).errorCode));
      }
    }
    attempt.responses.push({ topic: asked, topicId, partitions: answers });
  }
  return attempt;
}

/** Waits until more can be read than was seen, or the time is over; resolves to whether there is more. */
async function waitForMore(
  seen: Attempt['seen'],
  maxWaitMs: number,
  { broker }: RequestContext,
): Promise<boolean> {
  // By high watermark, not by size: bytes that wait for their sync count in the size already.
  const isMore = (): boolean => seen.some(({ log, highWatermark }) => log.highWatermark > highWatermark);
  await broker.delayed.wait(maxWaitMs, (wake) => {
    const undo = seen.map(({ log }) => log.onAppend(() => isMore() && wake()));
    // What was published between the look and the subscription wakes nobody any more.
    if (isMore()) wake();
    return () => {
      for (const unsubscribe of undo) unsubscribe();
    };
  });
  return isMore();
}

export const fetch = defineHandler(apis.fetch, { versions: [4, 18] }, async (request, context) => {
  if (request.sessionId !== 0) {
    return {
      throttleTimeMs: 0,
      errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
      sessionId: 0,
      responses: [],
    };
  }
  const maxBytes = Math.min(request.maxBytes, context.broker.config.number('fetch.max.bytes'));
  let attempt = await attemptFetch(request, context, maxBytes);
  const enough = Math.min(request.minBytes, maxBytes);
  const end = context.broker.clock.monotonic() + request.maxWaitMs;
  while (attempt.bytes < enough && !attempt.hasError) {
    const leftMs = end - context.broker.clock.monotonic();
    if (leftMs <= 0 || !(await waitForMore(attempt.seen, leftMs, context))) break;
    attempt = await attemptFetch(request, context, maxBytes);
  }
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, sessionId: 0, responses: attempt.responses };
});
