import {
  ByteReader,
  ByteWriter,
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
  type Encodable,
  type EncodableRecord,
  type Fields,
  type Message,
} from '@oubliette/protocol';

/*
 * The records of __consumer_offsets in Kafka's own formats (group-coordinator's OffsetCommitKey/Value.json and
 * GroupMetadataKey/Value.json), in the versions that Kafka 4.1.1 writes (GroupCoordinatorRecordHelpers). A key starts with its
 * kind: 0 and 1 name an offset, 2 a group. A value starts with its version; null deletes what the key names.
 */

/** A committed offset as stored. */
export interface StoredOffset {
  readonly offset: bigint;
  /** -1 when the client did not say. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** ms since the Unix epoch. */
  readonly commitTimestamp: bigint;
  /** Until when its client wants it kept (OffsetCommit 2 to 4), ms since the Unix epoch; -1 where it did not say. */
  readonly expireTimestamp: bigint;
}

export interface StoredMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

/** A generation of a group as stored. */
export interface StoredGroup {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocol: string | null;
  readonly leader: string | null;
  /** ms since the Unix epoch. */
  readonly stateSince: bigint;
  readonly members: readonly StoredMember[];
}

/** One change of the coordinator's state. */
export type GroupRecord =
  | {
      readonly kind: 'offset';
      readonly groupId: string;
      readonly topic: string;
      readonly partition: number;
      readonly value: StoredOffset | null;
    }
  | { readonly kind: 'group'; readonly groupId: string; readonly value: StoredGroup | null };

const offsetKind = 1;
const groupKind = 2;
const keyVersion = 0;
const offsetVersion = 4;
/** The one with a time to expire; the versions after it have none. */
const expiringOffsetVersion = 1;
const groupVersion = 3;

export function encodeGroupRecord(record: GroupRecord, timestamp: bigint): EncodableRecord {
  if (record.kind === 'offset') {
    const { groupId: group, topic, partition, value } = record;
    const version = value?.expireTimestamp === -1n ? offsetVersion : expiringOffsetVersion;
    return {
      timestamp,
      key: encode(offsetKind, offsetCommitKey, keyVersion, { group, topic, partition }),
      value: value === null ? null : encode(version, offsetCommitValue, version, value),
    };
  }
  const { groupId: group, value } = record;
  return {
    timestamp,
    key: encode(groupKind, groupMetadataKey, keyVersion, { group }),
    value: value === null ? null : encode(groupVersion, groupMetadataValue, groupVersion, asStored(value)),
  };
}

function encode<F extends Fields>(
  prefix: number,
  message: Message<F>,
  version: number,
  value: Encodable<F>,
): Uint8Array {
  const writer = new ByteWriter();
  writer.int16(prefix);
  message.encode(version, writer, value);
  return writer.finish();
}

function asStored(group: StoredGroup): Encodable<(typeof groupMetadataValue)['fields']> {
  const { stateSince, members, ...rest } = group;
  return {
    ...rest,
    currentStateTimestamp: stateSince,
    members: members.map(({ instanceId, rebalanceTimeoutMs, sessionTimeoutMs, ...member }) => ({
      ...member,
      groupInstanceId: instanceId,
      rebalanceTimeout: rebalanceTimeoutMs,
      sessionTimeout: sessionTimeoutMs,
    })),
  };
}

/** The change a record stands for, or null for a kind that is not of the classic protocol. Throws for what cannot be read. */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | null {
  const reader = new ByteReader(key);
  const kind = reader.int16();
  if (kind === groupKind) {
    const { group: groupId } = groupMetadataKey.decode(keyVersion, reader);
    return { kind: 'group', groupId, value: value === null ? null : decodeGroup(value) };
  }
  if (kind !== offsetKind && kind !== 0) return null;
  const { group: groupId, topic, partition } = offsetCommitKey.decode(keyVersion, reader);
  return { kind: 'offset', groupId, topic, partition, value: value === null ? null : decodeOffset(value) };
}

function decodeOffset(bytes: Uint8Array): StoredOffset {
  const reader = new ByteReader(bytes);
  const { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp } = offsetCommitValue.decode(
    reader.int16(),
    reader,
  );
  return { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp };
}

function decodeGroup(bytes: Uint8Array): StoredGroup {
  const reader = new ByteReader(bytes);
  const { currentStateTimestamp, members, ...rest } = groupMetadataValue.decode(reader.int16(), reader);
  return {
    protocolType: rest.protocolType,
    generation: rest.generation,
    protocol: rest.protocol,
    leader: rest.leader,
    stateSince: currentStateTimestamp,
    members: members.map((member) => ({
      memberId: member.memberId,
      instanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeoutMs: member.rebalanceTimeout === -1 ? member.sessionTimeout : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      // Copies: what was read from a log must not keep the whole read buffer alive.
      subscription: member.subscription.slice(),
      assignment: member.assignment.slice(),
    })),
  };
}
