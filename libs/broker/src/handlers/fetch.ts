import { apis } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { planFetch, refuseFetch, type SessionAnswer } from './fetch-context.js';
import { tellLeaders } from './fetch-leaders.js';
import type { PartitionAnswer } from './fetch-partition.js';
import { readPartitions, type FetchPass, type Isolation } from './fetch-read.js';
import { FetchShare } from './fetch-share.js';
import { waitForBytes } from './fetch-wait.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * Fetch, versions 4 to 18: sessions from 7 on (KIP-227), topic ids from 13 on. A fetch that finds less than minBytes waits, without
 * a timer of its own, until enough was appended or maxWaitMs is over. One whole batch is always answered, even when it is larger
 * than the bounds (KIP-74). All answers share one budget of bytes: a fetch that gets nothing of it waits for at most maxWaitMs, then
 * answers with one batch. Isolation level 1 reads up to the last stable offset and names the aborted transactions (KIP-98).
 */

interface TopicAnswer {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: PartitionAnswer[];
}

const isolations: readonly (Isolation | undefined)[] = ['uncommitted', 'committed'];

/** The answers of one topic stand together where they follow each other (FetchResponse.of). */
async function byTopic(answers: readonly PartitionAnswer[], slice: TimeSlice): Promise<TopicAnswer[]> {
  const topics: TopicAnswer[] = [];
  let last: TopicAnswer | undefined;
  await slice.map(answers, (answer) => {
    const { topic = '', topicId } = answer.wanted;
    if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
      last = { topic, topicId, partitions: [] };
      topics.push(last);
    }
    last.partitions.push(answer);
  });
  return topics;
}

async function respond(answer: SessionAnswer, context: RequestContext) {
  const { errorCode, sessionId } = answer;
  const { answers, nodeEndpoints } = tellLeaders(answer.answers, context);
  const responses = await byTopic(answers, new TimeSlice(context.broker.clock));
  return { throttleTimeMs: 0, errorCode, sessionId, responses, nodeEndpoints };
}

/** A pass that is not answered before there is more. */
function isWaiting({ bytes, hasError, seen }: FetchPass, enough: number): boolean {
  return bytes < enough && !hasError && seen.length > 0;
}

export const fetch = defineHandler(
  apis.fetch,
  { versions: [4, 18] },
  async (request, context: RequestContext) => {
    const { delayed, clock, config } = context.broker;
    const isolation = isolations[request.isolationLevel];
    if (isolation === undefined) {
      return respond(await refuseFetch(request, context, 'UNKNOWN_SERVER_ERROR'), context);
    }
    const plan = await planFetch(request, context);
    if (!('wanted' in plan)) return respond(plan, context);
    const maxBytes = Math.min(request.maxBytes, config.number('fetch.max.bytes'));
    const enough = Math.min(request.minBytes, maxBytes);
    const end = clock.monotonic() + request.maxWaitMs;
    const share = new FetchShare(context.answers);
    const read = (): Promise<FetchPass> =>
      readPartitions(plan.wanted, context.broker, maxBytes, isolation, share, context.buffers.allocate);
    let pass = await read();
    for (;;) {
      const leftMs = end - clock.monotonic();
      const gotNoShare = share.isShort && pass.bytes === 0;
      if (gotNoShare ? share.isLastTry : leftMs <= 0 || share.isShort || !isWaiting(pass, enough)) break;
      if (gotNoShare) {
        await share.wait(maxBytes, leftMs, delayed, context.gone);
      } else {
        const { bytes } = pass;
        // Who waits holds nothing: what it found is read again, as Kafka does too.
        if (bytes > 0) {
          pass = { ...pass, answers: [] };
          share.giveBack(bytes);
          context.buffers.detach()?.();
        }
        const hasMore = await waitForBytes(pass, enough - bytes, leftMs, isolation, delayed, context.gone);
        if (!hasMore && bytes === 0) break;
      }
      if (context.gone.aborted) return null;
      pass = await read();
    }
    return respond(await plan.answer(pass.answers), context);
  },
);
