import { ByteReader, ByteWriter, type EncodableRecord } from '@oubliette/protocol';

/*
 * The records of __consumer_offsets in Kafka's own formats (group-coordinator's OffsetCommitKey/Value.json and
 * GroupMetadataKey/Value.json), so that Kafka's DumpLogSegments --offsets-decoder reads ours. A key starts with its version:
 * 0 and 1 name an offset, 2 a group. A value of null deletes what the key names.
 */

/** A committed offset as stored. */
export interface StoredOffset {
  readonly offset: bigint;
  /** -1 when the client did not say. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** ms since the Unix epoch. */
  readonly commitTimestamp: bigint;
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

const offsetKeyVersion = 1;
const groupKeyVersion = 2;
const valueVersion = 3;

export function encodeGroupRecord(record: GroupRecord, timestamp: bigint): EncodableRecord {
  const key = new ByteWriter();
  if (record.kind === 'offset') {
    key.int16(offsetKeyVersion);
    writeString(key, record.groupId);
    writeString(key, record.topic);
    key.int32(record.partition);
    const value = record.value === null ? null : encodeOffset(record.value);
    return { timestamp, key: key.finish(), value };
  }
  key.int16(groupKeyVersion);
  writeString(key, record.groupId);
  return { timestamp, key: key.finish(), value: record.value === null ? null : encodeGroup(record.value) };
}

/** The change a record stands for, or null for a key version that is not of the classic protocol. */
export function decodeGroupRecord(key: Uint8Array, value: Uint8Array | null): GroupRecord | null {
  const reader = new ByteReader(key);
  const version = reader.int16();
  if (version === groupKeyVersion) {
    return { kind: 'group', groupId: readString(reader), value: value === null ? null : decodeGroup(value) };
  }
  if (version !== offsetKeyVersion && version !== 0) return null;
  const groupId = readString(reader);
  const topic = readString(reader);
  const partition = reader.int32();
  return { kind: 'offset', groupId, topic, partition, value: value === null ? null : decodeOffset(value) };
}

function encodeOffset(value: StoredOffset): Uint8Array {
  const writer = new ByteWriter();
  writer.int16(valueVersion);
  writer.int64(value.offset);
  writer.int32(value.leaderEpoch);
  writeString(writer, value.metadata);
  writer.int64(value.commitTimestamp);
  return writer.finish();
}

function decodeOffset(bytes: Uint8Array): StoredOffset {
  const reader = new ByteReader(bytes);
  const version = reader.int16();
  if (version < 0 || version > valueVersion) throw new RangeError(`offset record of version ${version}`);
  const offset = reader.int64();
  const leaderEpoch = version >= 3 ? reader.int32() : -1;
  const metadata = readString(reader);
  return { offset, leaderEpoch, metadata, commitTimestamp: reader.int64() };
}

function encodeGroup(value: StoredGroup): Uint8Array {
  const writer = new ByteWriter();
  writer.int16(valueVersion);
  writeString(writer, value.protocolType);
  writer.int32(value.generation);
  writeNullableString(writer, value.protocol);
  writeNullableString(writer, value.leader);
  writer.int64(value.stateSince);
  writer.int32(value.members.length);
  for (const member of value.members) {
    writeString(writer, member.memberId);
    writeNullableString(writer, member.instanceId);
    writeString(writer, member.clientId);
    writeString(writer, member.clientHost);
    writer.int32(member.rebalanceTimeoutMs);
    writer.int32(member.sessionTimeoutMs);
    writeBytes(writer, member.subscription);
    writeBytes(writer, member.assignment);
  }
  return writer.finish();
}

function decodeGroup(bytes: Uint8Array): StoredGroup {
  const reader = new ByteReader(bytes);
  const version = reader.int16();
  if (version < 0 || version > valueVersion) throw new RangeError(`group record of version ${version}`);
  const protocolType = readString(reader);
  const generation = reader.int32();
  const protocol = readNullableString(reader);
  const leader = readNullableString(reader);
  const stateSince = version >= 2 ? reader.int64() : -1n;
  const count = reader.int32();
  const members: StoredMember[] = [];
  for (let index = 0; index < count; index++) members.push(decodeMember(reader, version));
  return { protocolType, generation, protocol, leader, stateSince, members };
}

function decodeMember(reader: ByteReader, version: number): StoredMember {
  const memberId = readString(reader);
  const instanceId = version >= 3 ? readNullableString(reader) : null;
  const clientId = readString(reader);
  const clientHost = readString(reader);
  const rebalance = version >= 1 ? reader.int32() : -1;
  const sessionTimeoutMs = reader.int32();
  return {
    memberId,
    instanceId,
    clientId,
    clientHost,
    rebalanceTimeoutMs: rebalance === -1 ? sessionTimeoutMs : rebalance,
    sessionTimeoutMs,
    subscription: readBytes(reader),
    assignment: readBytes(reader),
  };
}

function writeString(writer: ByteWriter, text: string): void {
  const size = new TextEncoder().encode(text).length;
  writer.int16(size);
  writer.utf8(text, size);
}

function writeNullableString(writer: ByteWriter, text: string | null): void {
  if (text === null) writer.int16(-1);
  else writeString(writer, text);
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array): void {
  writer.int32(bytes.length);
  writer.bytes(bytes);
}

function readString(reader: ByteReader): string {
  return reader.utf8(reader.int16());
}

function readNullableString(reader: ByteReader): string | null {
  const length = reader.int16();
  return length === -1 ? null : reader.utf8(length);
}

/** A copy: what was read from a log must not keep the whole read buffer alive. */
function readBytes(reader: ByteReader): Uint8Array {
  return reader.bytes(reader.int32()).slice();
}
