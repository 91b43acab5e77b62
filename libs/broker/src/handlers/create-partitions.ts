import { apis, KafkaError, type RequestOf } from '@oubliette/protocol';
import { defineHandler, type RequestContext } from '../server/api-handler.js';
import { checkReplicas } from '../topics/replica-assignment.js';
import { attemptLater } from './answer-error.js';
import { checkDeadline } from './deadline.js';
import { TimeSlice } from '../log/time-slice.js';

/*
 * CreatePartitions, versions 0 to 3. `count` is the new total; a manual assignment must name this broker for every new one. Groups
 * find their partition of the offsets topic by hash, of the count at the broker's start: with another count, after the next start, they
 * do not find what they committed.
 */

type Asked = RequestOf<'createPartitions'>['topics'][number];

async function addPartitions(
  { name, count, assignments }: Asked,
  validateOnly: boolean,
  context: RequestContext,
): Promise<void> {
  const { topics, advertised } = context.broker;
  // Kafka says no more here than the code.
  if (!topics.topics.has(name)) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION');
  topics.checkPartitions(name, count);
  const added = count - (topics.topics.get(name)?.partitions ?? 0);
  if (assignments !== null) {
    if (assignments.length !== added) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Attempted to add ${added} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
      );
    }
    for (const { brokerIds } of assignments) checkReplicas(brokerIds, advertised.nodeId, 1);
  }
  if (!validateOnly) await topics.addPartitions(name, count);
}

export const createPartitions = defineHandler(
  apis.createPartitions,
  { versions: [0, 3] },
  async (request, context) => {
    const slice = new TimeSlice(context.broker.clock);
    const byName = new Map<string, Asked[]>();
    await slice.map(request.topics, (topic) => {
      const others = byName.get(topic.name);
      if (others === undefined) byName.set(topic.name, [topic]);
      else others.push(topic);
    });
    const hasWork = [...byName.values()].some(({ length }) => length === 1);
    const add = async ([asked, ...others]: readonly Asked[]): Promise<void> => {
      if (hasWork) checkDeadline(request.timeoutMs);
      if (asked === undefined || others.length > 0) {
        throw new KafkaError('INVALID_REQUEST', 'Duplicate topic name.');
      }
      await addPartitions(asked, request.validateOnly, context);
    };
    const results = await slice.mapTogether([...byName], async ([name, asked]) => ({
      name,
      ...(await attemptLater(() => add(asked), context.broker.logger)),
    }));
    return { throttleTimeMs: 0, results };
  },
);
