import { apis } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { planFetch, refuseFetch, type SessionAnswer } from './fetch-context.js';
import { tellLeaders } from './fetch-leaders.js';
import type { PartitionAnswer } from './fetch-partition.js';
import { readPartitions, type Isolation } from './fetch-read.js';
import { waitForBytes } from './fetch-wait.js';

/*
 * Fetch, versions 4 to 18: sessions from 7 on (KIP-227), topic ids from 13 on. A fetch that finds less than minBytes waits, without
 * a timer of its own, until enough was appended or maxWaitMs is over. One whole batch is always answered, even when it is larger
 * than the bounds (KIP-74). Isolation level 1 reads up to the last stable offset and names the aborted transactions (KIP-98).
 */

interface TopicAnswer {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: PartitionAnswer[];
}

const isolations: readonly (Isolation | undefined)[] = ['uncommitted', 'committed'];

/** The answers of one topic stand together where they follow each other (FetchResponse.of). */
function byTopic(answers: readonly PartitionAnswer[]): TopicAnswer[] {
  const topics: TopicAnswer[] = [];
  let last: TopicAnswer | undefined;
  for (const answer of answers) {
    const { topic = '', topicId } = answer.wanted;
    if (last === undefined || last.topic !== topic || last.topicId !== topicId) {
      last = { topic, topicId, partitions: [] };
      topics.push(last);
    }
    last.partitions.push(answer);
  }
  return topics;
}

function respond(answer: SessionAnswer, context: RequestContext) {
  const { errorCode, sessionId } = answer;
  const { answers, nodeEndpoints } = tellLeaders(answer.answers, context);
  return { throttleTimeMs: 0, errorCode, sessionId, responses: byTopic(answers), nodeEndpoints };
}

export const fetch = defineHandler(
  apis.fetch,
  { versions: [4, 18] },
  async (request, context: RequestContext) => {
    const { delayed, clock, config } = context.broker;
    const isolation = isolations[request.isolationLevel];
    if (isolation === undefined) {
      return respond(refuseFetch(request, context, 'UNKNOWN_SERVER_ERROR'), context);
    }
    const plan = planFetch(request, context);
    if (!('wanted' in plan)) return respond(plan, context);
    const maxBytes = Math.min(request.maxBytes, config.number('fetch.max.bytes'));
    const enough = Math.min(request.minBytes, maxBytes);
    const end = clock.monotonic() + request.maxWaitMs;
    let pass = await readPartitions(plan.wanted, context.broker, maxBytes, isolation);
    while (pass.bytes < enough && !pass.hasError && pass.seen.length > 0) {
      const leftMs = end - clock.monotonic();
      if (
        leftMs <= 0 ||
        !(await waitForBytes(pass, enough - pass.bytes, leftMs, isolation, delayed, context.gone))
      )
        break;
      pass = await readPartitions(plan.wanted, context.broker, maxBytes, isolation);
    }
    return respond(plan.answer(pass.answers), context);
  },
);
