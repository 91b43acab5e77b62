import { apis, iterateBatches, iterateRecords } from '@oubliette/protocol';
import { decodeGroupRecord } from '../../src/groups/group-records.js';
import type { WireClient } from '../support/wire-client.js';
import { plain } from './group-cases.js';
import type { Case } from './two-brokers.js';

const maxBytes = 50_000_000;

/** The records of __consumer_offsets-0, from the first to the last; neither broker has written more than one answer holds. */
export async function readRecords(client: WireClient): Promise<Uint8Array> {
  const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, logStartOffset: -1n };
  const answer = await client.call(apis.fetch, 11, {
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic: '__consumer_offsets', partitions: [{ ...partition, partitionMaxBytes: maxBytes }] }],
    forgottenTopicsData: [],
    rackId: '',
  });
  return answer.responses[0]?.partitions[0]?.records ?? new Uint8Array(0);
}

const times: ReadonlySet<string> = new Set(['commitTimestamp', 'expireTimestamp', 'stateSince']);
const isTime = (name: string): boolean => times.has(name);

/** Whether the group was deleted since it was first written. */
export async function isDeleted(client: WireClient, groupId: string): Promise<boolean> {
  for (const batch of iterateBatches(await readRecords(client))) {
    for (const { key, value } of iterateRecords(batch)) {
      const record = key === null ? null : decodeGroupRecord(key, value);
      if (record?.kind === 'group' && record.groupId === groupId && record.value === null) return true;
    }
  }
  return false;
}

/** What each group has written so far, in its order: values with their version, member ids and times left out. */
export const recordsOfGroups =
  (skipped: readonly string[] = []): Case =>
  async (_side, client) => {
    const groups: Record<string, unknown[]> = {};
    for (const batch of iterateBatches(await readRecords(client))) {
      for (const { key, value } of iterateRecords(batch)) {
        const record = key === null ? null : decodeGroupRecord(key, value);
        if (record === null || skipped.includes(record.groupId)) continue;
        const version = value === null ? null : Buffer.from(value).readInt16BE(0);
        const shown = Object.entries(record.value ?? {}).filter(([name]) => !isTime(name));
        const stored = record.value === null ? null : Object.fromEntries(shown);
        (groups[record.groupId] ??= []).push([version, plain({ ...record, value: stored })]);
      }
    }
    return groups;
  };

export const groupRecordCases: Readonly<Record<string, Case>> = {
  'what groups leave in the log': recordsOfGroups(),
};
