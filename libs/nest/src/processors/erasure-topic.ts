import type { TopicAdmin } from '@oubliette/kafka';
import { erasureTopicSpec } from '@oubliette/privacy';

const mostReplicas = 3;

/** Whoever comes first makes it: who asks, or who answers. One that stands is left as it is. */
export async function ensureErasureTopic(admin: TopicAdmin, topic: string): Promise<void> {
  if ((await admin.listTopics()).includes(topic)) return;
  const replicationFactor = Math.min(mostReplicas, await admin.liveBrokers());
  await admin.createTopic({ ...erasureTopicSpec(topic), replicationFactor });
}
