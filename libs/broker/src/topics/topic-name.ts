import { KafkaError } from '@oubliette/protocol';

const maxLength = 249;
const legal = /^[a-zA-Z0-9._-]+$/;

/** Topics that the broker itself writes. */
export const offsetsTopic = '__consumer_offsets';
export const transactionStateTopic = '__transaction_state';
export const shareStateTopic = '__share_group_state';
const internalTopics: ReadonlySet<string> = new Set([offsetsTopic, transactionStateTopic, shareStateTopic]);

/** Where a KRaft controller keeps its own log: no topic may take the name. */
export const clusterMetadataTopic = '__cluster_metadata';

export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}

/** Why the name is not allowed, in the words of org.apache.kafka.common.internals.Topic.validate, or null. */
export function refuseTopicName(name: string): string | null {
  const why = (text: string): string => `Topic name is invalid: ${text}`;
  if (name === '') return why('the empty string is not allowed');
  if (name === '.' || name === '..') return why(`'${name}' is not allowed`);
  if (name.length > maxLength) {
    return why(`the length of '${name}' is longer than the max allowed length ${maxLength}`);
  }
  if (!legal.test(name)) {
    return why(`'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`);
  }
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

/** Two names that differ only in '.' and '_'. */
export function collides(name: string, existing: string): KafkaError {
  return new KafkaError(
    'INVALID_TOPIC_EXCEPTION',
    `Topic '${name}' collides with existing topic: ${existing}`,
  );
}
