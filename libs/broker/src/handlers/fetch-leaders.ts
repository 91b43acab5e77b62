import { ErrorCode } from '@oubliette/protocol';
import type { RequestContext } from '../server/api-handler.js';
import type { PartitionAnswer } from './fetch-partition.js';

/** The first version that tells who leads, and where it is (KIP-951). */
const leadersFrom = 16;

export interface ToldLeaders {
  readonly answers: readonly PartitionAnswer[];
  readonly nodeEndpoints: readonly { nodeId: number; host: string; port: number; rack: string | null }[];
}

/** Adds the leader in force where the client was fenced for an earlier one (KafkaApis.handleFetchRequest). */
export function tellLeaders(
  answers: readonly PartitionAnswer[],
  { broker, version }: RequestContext,
): ToldLeaders {
  const isFenced = ({ errorCode }: PartitionAnswer): boolean => errorCode === ErrorCode.FENCED_LEADER_EPOCH;
  if (version < leadersFrom || !answers.some(isFenced)) return { answers, nodeEndpoints: [] };
  const { nodeId, host, port, rack } = broker.advertised;
  const told = answers.map((answer) => {
    const { topic = '', partition } = answer.wanted;
    if (!isFenced(answer)) return answer;
    const leaderEpoch = broker.registry.leaderEpoch(topic, partition);
    return { ...answer, currentLeader: { leaderId: nodeId, leaderEpoch } };
  });
  return { answers: told, nodeEndpoints: [{ nodeId, host, port, rack }] };
}
