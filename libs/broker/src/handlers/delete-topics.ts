import { apis, KafkaError } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { isInternalTopic } from '../topics/topic-name.js';
import { zeroUuid } from '../topics/uuid.js';
import { attempt } from './answer-error.js';

/*
 * DeleteTopics, versions 1 to 6 (by id from 6 on). delete.topic.enable=false refuses with TOPIC_DELETION_DISABLED; the broker's own
 * topics cannot be deleted.
 */

function deleteOne(asked: { name: string | null; topicId: string }, { broker }: RequestContext) {
  const name = asked.name ?? broker.topics.nameOf(asked.topicId);
  const topicId = (name === undefined ? undefined : broker.topics.topics.get(name)?.id) ?? asked.topicId;
  const outcome = attempt(() => {
    if (!broker.config.flag('delete.topic.enable')) throw new KafkaError('TOPIC_DELETION_DISABLED');
    if (name === undefined)
      throw new KafkaError('UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.');
    if (isInternalTopic(name)) throw new KafkaError('INVALID_REQUEST', 'The broker needs this topic itself.');
    broker.topics.delete(name);
  }, broker.logger);
  return { name: name ?? null, topicId, ...outcome };
}

export const deleteTopics = defineHandler(apis.deleteTopics, { versions: [1, 6] }, (request, context) => {
  const asked =
    context.version >= 6 ? request.topics : request.topicNames.map((name) => ({ name, topicId: zeroUuid }));
  return { throttleTimeMs: 0, responses: asked.map((topic) => deleteOne(topic, context)) };
});
