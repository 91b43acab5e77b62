import { apis, ErrorCode, KafkaError } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { zeroUuid } from '../topics/uuid.js';
import { attemptLater } from './answer-error.js';
import { checkDeadline } from './deadline.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * DeleteTopics, versions 1 to 6 (by id from 6 on). What stands twice, by name, by id or once by each, is refused and answered once.
 * delete.topic.enable=false refuses all. With the topic of the committed offsets every group and its offsets are gone.
 */

interface Asked {
  readonly name: string | null;
  readonly topicId: string;
}

const invalid = (text: string): KafkaError => new KafkaError('INVALID_REQUEST', text);

async function deleteOne(asked: Asked, refusal: KafkaError | null, { broker }: RequestContext) {
  const { topics, logger } = broker;
  const found = asked.name ?? topics.nameOf(asked.topicId);
  const stored = found === undefined ? undefined : topics.topics.get(found);
  const outcome = await attemptLater(async () => {
    if (refusal !== null) throw refusal;
    if (asked.name === null && asked.topicId === zeroUuid) {
      throw invalid('Neither topic name nor id were specified.');
    }
    if (asked.name !== null && asked.topicId !== zeroUuid) {
      throw invalid('You may not specify both topic name and topic id.');
    }
    if (stored === undefined) {
      throw asked.name === null
        ? new KafkaError('UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.')
        : new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.');
    }
    await topics.delete(stored.name);
  }, logger);
  if (outcome.errorCode !== ErrorCode.NONE || stored === undefined) return { ...asked, ...outcome };
  return { name: stored.name, topicId: stored.id, ...outcome };
}

function deadlineRefusal(timeoutMs: number): KafkaError | null {
  try {
    checkDeadline(timeoutMs);
    return null;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
}

/** Many of them are stored together. */
async function answer(asked: readonly Asked[], timeoutMs: number, context: RequestContext) {
  const slice = new TimeSlice(context.broker.clock);
  const byKey = new Map<string, { readonly asked: Asked; times: number }>();
  const idsGiven = new Set<string>();
  await slice.map(asked.entries(), ([index, one]) => {
    const isEmpty = one.name === null && one.topicId === zeroUuid;
    const key = isEmpty ? `${index}` : `${one.name ?? ''}/${one.topicId}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { asked: one, times: 1 });
    else known.times += 1;
    if (one.name === null) idsGiven.add(one.topicId);
  });
  const isGood = (one: Asked): boolean => (one.name === null) !== (one.topicId === zeroUuid);
  const once = [...byKey.values()];
  const hasWork = once.some(({ asked: one, times }) => times === 1 && isGood(one));
  const late = hasWork ? deadlineRefusal(timeoutMs) : null;
  if (late !== null) return slice.mapTogether(asked, (one) => deleteOne(one, late, context));
  return slice.mapTogether(once, ({ asked: one, times }) => {
    const what = one.name === null ? 'id' : 'name';
    if (times > 1) return deleteOne(one, invalid(`Duplicate topic ${what}.`), context);
    const id = one.name === null ? undefined : context.broker.topics.topics.get(one.name)?.id;
    const isGivenTwice = id !== undefined && idsGiven.has(id);
    const refusal = isGivenTwice
      ? invalid('The provided topic name maps to an ID that was already supplied.')
      : null;
    return deleteOne(isGivenTwice ? { ...one, topicId: id } : one, refusal, context);
  });
}

export const deleteTopics = defineHandler(
  apis.deleteTopics,
  { versions: [1, 6] },
  async (request, context) => {
    const asked =
      context.version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: zeroUuid }));
    if (context.broker.config.flag('delete.topic.enable')) {
      return { throttleTimeMs: 0, responses: await answer(asked, request.timeoutMs, context) };
    }
    const refusal =
      context.version < 3
        ? invalid('This version does not support topic deletion.')
        : new KafkaError('TOPIC_DELETION_DISABLED', 'Topic deletion is disabled.');
    const slice = new TimeSlice(context.broker.clock);
    const responses = await slice.mapTogether(asked, (one) => deleteOne(one, refusal, context));
    return { throttleTimeMs: 0, responses };
  },
);
