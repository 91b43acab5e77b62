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
  readonly logs: PartitionLog[];
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
  const attempt: Attempt = { responses: [], logs: [], bytes: 0, hasError: false };
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
        attempt.logs.push(log);
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

/** Waits until `missing` bytes more stand in the logs, or the time is over. */
function waitForBytes(
  logs: readonly PartitionLog[],
  missing: number,
  maxWaitMs: number,
  context: RequestContext,
) {
  const total = (): number => logs.reduce((sum, log) => sum + log.sizeBytes, 0);
  const start = total();
  return context.broker.delayed.wait(maxWaitMs, (wake) => {
    const undo = logs.map((log) =>
      log.onAppend(() => {
        if (total() - start >= missing) wake();
      }),
    );
    return () => {
      for (const unsubscribe of undo) unsubscribe();
    };
  });
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
  const missing = Math.min(request.minBytes, maxBytes) - attempt.bytes;
  if (missing > 0 && request.maxWaitMs > 0 && !attempt.hasError) {
    await waitForBytes(attempt.logs, missing, request.maxWaitMs, context);
    attempt = await attemptFetch(request, context, maxBytes);
  }
  return { throttleTimeMs: 0, errorCode: ErrorCode.NONE, sessionId: 0, responses: attempt.responses };
});
