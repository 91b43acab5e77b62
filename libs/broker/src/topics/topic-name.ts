import { KafkaError } from '@oubliette/protocol';

const maxLength = 249;
const legal = /^[a-zA-Z0-9._-]+$/;

/** Topics that the broker itself writes. */
export const offsetsTopic = '__consumer_offsets';
const internalTopics: ReadonlySet<string> = new Set([
  offsetsTopic,
  '__transaction_state',
  '__share_group_state',
]);

export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}

/** Why the name is not allowed (org.apache.kafka.common.internals.Topic.validate), or null. */
export function refuseTopicName(name: string): string | null {
  if (name === '') return 'the topic name is empty';
  if (name === '.' || name === '..') return "the topic name cannot be '.' or '..'";
  if (name.length > maxLength) return `the topic name is longer than ${maxLength} characters`;
  if (!legal.test(name))
    return "the topic name holds a character other than ASCII alphanumerics, '.', '_' and '-'";
  return null;
}

/** Throws INVALID_TOPIC_EXCEPTION for a name that Kafka would refuse. */
export function checkTopicName(name: string): void {
  const why = refuseTopicName(name);
  if (why !== null) throw new KafkaError('INVALID_TOPIC_EXCEPTION', why);
}

/** Two names that differ only in '.' and '_' would share metric names, so Kafka refuses the second (Topic.hasCollision). */
export function collidingName(name: string): string {
  return name.replaceAll('.', '_');
}
