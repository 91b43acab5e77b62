import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  apiByKey,
  apis,
  ByteWriter,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  encodeResponseParts,
  ProtocolError,
  responseHeaderVersion,
  type ProtocolErrorCode,
} from '../src/index.js';

const refused = (code: ProtocolErrorCode) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;
const hex = (...bytes: Uint8Array[]): string => Buffer.concat(bytes).toString('hex');
const head = { correlationId: 5, clientId: 'ab' };

// The expected bytes are written out by hand: length | key, version, correlation id, client id, tags | body.
describe('frames', () => {
  test('a request whose version is not flexible', () => {
    const frame = encodeRequest(apis.listGroups, 2, head, {});
    assert.equal(hex(frame), '0000000c' + '0010' + '0002' + '00000005' + '00026162');
    assert.deepEqual(decodeRequestHeader(frame.subarray(4)).clientId, 'ab');
  });

  test('a request whose version is: tags behind a client id that stays as it was', () => {
    const frame = encodeRequest(apis.listGroups, 3, { ...head, clientId: null }, {});
    assert.equal(hex(frame), '0000000c' + '0010' + '0003' + '00000005' + 'ffff' + '00' + '00');
    assert.deepEqual(decodeRequest(frame.subarray(4)), {
      api: apis.listGroups,
      version: 3,
      correlationId: 5,
      clientId: null,
      body: { statesFilter: [], typesFilter: [] },
    });
  });

  test('a request of more elements than could be held is refused before they are made', () => {
    const partitions = (count: number) =>
      Array.from({ length: count }, (_, partitionIndex) => partitionIndex);
    const request = (count: number): Uint8Array =>
      encodeRequest(apis.offsetFetch, 5, head, {
        topics: [{ name: 't', partitionIndexes: partitions(count) }],
      });
    assert.equal(decodeRequest(request(249_999).subarray(4)).api, apis.offsetFetch);
    assert.throws(() => decodeRequest(request(250_000).subarray(4)), refused('TOO_MANY_ELEMENTS'));
    const tags = Buffer.concat([
      Buffer.from('0012' + '0003' + '00000001' + 'ffff' + '00' + '0261' + '0261', 'hex'),
      Buffer.from([0xe0, 0xa7, 0x12]), // 300,000
      ...Array.from({ length: 300_000 }, () => Buffer.from([0x55, 0])),
    ]);
    assert.throws(() => decodeRequest(tags), refused('TOO_MANY_ELEMENTS'));
  });

  test('a response, and the one of ApiVersions whose header is never flexible', () => {
    const heartbeat = encodeResponse(apis.heartbeat, 4, 9, { errorCode: 27 });
    assert.equal(hex(heartbeat), '0000000c' + '00000009' + '00' + '00000000' + '001b' + '00');
    assert.equal(responseHeaderVersion(apis.apiVersions, 3), 0);
    const versions = encodeResponse(apis.apiVersions, 3, 9, { errorCode: 35, apiKeys: [] });
    assert.equal(hex(versions), '0000000c' + '00000009' + '0023' + '01' + '00000000' + '00');
    assert.equal(decodeResponse(apis.apiVersions, 3, versions.subarray(4)).body.errorCode, 35);
  });

  test('a header of a version that is not served is still read, so that it can be answered', () => {
    const frame = Buffer.from('0012' + '0063' + '00000007' + '00026162' + '00' + 'ffff', 'hex');
    const { api, version, correlationId } = decodeRequestHeader(frame);
    assert.deepEqual([api, version, correlationId], [apis.apiVersions, 99, 7]);
    assert.throws(() => decodeRequest(frame), refused('UNSUPPORTED_VERSION'));
  });

  test('an API without a table', () => {
    assert.equal(apiByKey(4), undefined);
    assert.throws(
      () => decodeRequestHeader(Buffer.from('0004000000000000ffff', 'hex')),
      refused('UNKNOWN_API'),
    );
    assert.throws(() => decodeRequestHeader(Buffer.from('0012', 'hex')), refused('FRAME_OVERRUN'));
  });

  test('large record batches stand in the pieces of a response uncopied', () => {
    const records = new Uint8Array(50_000).fill(1);
    const body = {
      responses: [
        {
          topic: 't',
          partitions: [
            { partitionIndex: 0, errorCode: 0, highWatermark: 1n, abortedTransactions: [], records },
          ],
        },
      ],
    };
    const parts = encodeResponseParts(apis.fetch, 12, 1, body) ?? [];
    assert.ok(parts.includes(records));
    assert.equal(hex(...parts), hex(encodeResponse(apis.fetch, 12, 1, body)));
    const [length] = parts;
    assert.equal(Buffer.from(length ?? []).readInt32BE(), hex(...parts).length / 2 - 4);
  });

  test('a message that fails leaves nothing behind in a shared writer', () => {
    const writer = new ByteWriter(64);
    const bad = { groupId: 'g', generationId: 2 ** 40, memberId: 'm' };
    assert.throws(() => encodeRequest(apis.heartbeat, 4, head, bad, writer), refused('INVALID_VALUE'));
    const good = encodeRequest(apis.listGroups, 2, head, {}, writer);
    assert.equal(hex(good), hex(encodeRequest(apis.listGroups, 2, head, {})));
  });
});
