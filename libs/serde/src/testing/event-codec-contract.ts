import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Keyring } from '@oubliette/keyring';
import { isErased } from '../erased.js';
import { isRestricted } from '../restricted.js';
import type { Decoded, EncodedRecord, EventCodec, EventSpec } from '../event-codec.js';
import { EVENT_HEADERS } from '../event-headers.js';
import { valueAt } from '../event-shape.js';

/** What a format brings to the contract. `event(n)` differs by `n`, in its user id too; its personal values are long enough to search for. */
export interface CodecUnderContract {
  readonly name: string;
  readonly spec: EventSpec;
  event(n: number): object;
  /** Another type that the same events could be read as. */
  readonly anotherType: string;
  /** Texts of `event(n)` that must not stand in a record. */
  personalTexts(n: number): readonly string[];
  codec(keyring: Keyring): EventCodec;
}

/** A writer and a reader over one key log. `reader` sees nothing new while `delayed` is set. */
export interface ContractKeyrings {
  readonly writer: Keyring;
  readonly reader: Keyring;
  setDelayed(delayed: boolean): void;
  close(): Promise<void>;
}

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** Registers the tests that every `EventCodec` passes. */
export function eventCodecContract(subject: CodecUnderContract, open: () => Promise<ContractKeyrings>): void {
  const { spec } = subject;

  const withKeyrings = async (run: (keyrings: ContractKeyrings, codec: EventCodec) => Promise<void>) => {
    const keyrings = await open();
    try {
      await run(keyrings, subject.codec(keyrings.writer));
    } finally {
      await keyrings.close();
    }
  };
  const encodeOne = async (codec: EventCodec, n: number): Promise<EncodedRecord> => {
    const [record] = await codec.encode([{ spec, value: subject.event(n), eventId: id(n) }]);
    return record as EncodedRecord;
  };
  const decodeOne = async (codec: EventCodec, record: EncodedRecord): Promise<Decoded<object>> => {
    const [decoded] = await codec.decode<object>(spec, [record]);
    return decoded as Decoded<object>;
  };
  const userRefOf = (keyring: Keyring, n: number) =>
    keyring.userRef(valueAt(subject.event(n), spec.userIdPath as string) as string);

  describe(`event codec contract: ${subject.name}`, () => {
    it('gives back what was encoded, in order, with its binding', () =>
      withKeyrings(async ({ writer }, codec) => {
        const numbers = [1, 2, 3, 1];
        const records = await codec.encode(
          numbers.map((n, index) => ({ spec, value: subject.event(n), eventId: id(index + 1) })),
        );
        const decoded = await codec.decode<object>(spec, records);
        assert.equal(decoded.length, numbers.length);
        numbers.forEach((n, index) => {
          const result = decoded[index] as Decoded<object>;
          assert.equal(result.outcome, 'event');
          if (result.outcome !== 'event') return;
          assert.deepEqual(result.event.value, subject.event(n));
          assert.equal(result.event.eventId, id(index + 1));
          assert.equal(result.event.userRef, userRefOf(writer, n));
          assert.equal(result.event.erased, false);
          assert.equal(result.event.restricted, false);
        });
      }));

    it('leaves no personal text in key, value or headers, and keys by pseudonym', () =>
      withKeyrings(async ({ writer }, codec) => {
        const record = await encodeOne(codec, 1);
        const all = Buffer.concat([
          record.key as Uint8Array,
          record.value,
          Buffer.from(JSON.stringify(record.headers)),
        ]).toString('latin1');
        const texts = subject.personalTexts(1);
        assert.ok(texts.length > 0);
        for (const text of texts) {
          assert.equal(all.includes(text), false);
          assert.equal(all.includes(Buffer.from(text).toString('base64url')), false);
        }
        assert.equal(Buffer.from(record.key as Uint8Array).toString(), userRefOf(writer, 1));
        assert.equal(record.headers[EVENT_HEADERS.user], userRefOf(writer, 1));
      }));

    it('gives erased values for a forgotten user, and leaves others alone', () =>
      withKeyrings(async ({ writer }, codec) => {
        const records = [await encodeOne(codec, 1), await encodeOne(codec, 2)];
        const fence = await writer.forget(userRefOf(writer, 1));
        const [first, second] = await codec.decode<object>(spec, records);
        assert.equal(first?.outcome, 'event');
        assert.equal(second?.outcome, 'event');
        if (first?.outcome !== 'event' || second?.outcome !== 'event') return;
        assert.equal(first.event.erased, true);
        assert.equal(first.event.userRef, userRefOf(writer, 1));
        for (const path of [spec.userIdPath as string, ...spec.personalPaths]) {
          if (valueAt(subject.event(1), path) === undefined) continue;
          const value = valueAt(first.event.value, path);
          assert.ok(isErased(value), path);
          assert.equal(value.erasedAt, fence.erasedAt);
          assert.equal(JSON.stringify(value), '{"erased":true}');
        }
        assert.equal(second.event.erased, false);
        assert.deepEqual(second.event.value, subject.event(2));
      }));

    it('gives restricted values for a restricted user, encodes what is new, and gives it all once that is lifted', () =>
      withKeyrings(async ({ writer, reader }, codec) => {
        const restricted = userRefOf(writer, 1);
        const records = [await encodeOne(codec, 1), await encodeOne(codec, 2)];
        const { since } = await writer.restrict(restricted);
        records.push(await encodeOne(codec, 1));
        await reader.catchUp([restricted]);
        const [first, second, third] = await codec.decode<object>(spec, records);
        for (const result of [first, third]) {
          assert.ok(result?.outcome === 'event');
          assert.equal(result.event.restricted, true);
          assert.equal(result.event.erased, false);
          assert.equal(result.event.userRef, restricted);
          for (const path of [spec.userIdPath as string, ...spec.personalPaths]) {
            if (valueAt(subject.event(1), path) === undefined) continue;
            const value = valueAt(result.event.value, path);
            assert.ok(isRestricted(value), path);
            assert.equal(value.since, since);
            assert.equal(JSON.stringify(value), '{"restricted":true}');
          }
          const again = { spec, value: result.event.value, eventId: id(9) };
          await assert.rejects(codec.encode([again]), { code: 'EVENT_INVALID' });
        }
        assert.ok(second?.outcome === 'event');
        assert.deepEqual(second.event.value, subject.event(2));
        assert.equal(second.event.restricted, false);
        await writer.liftRestriction(restricted);
        await reader.catchUp([restricted]);
        for (const result of await codec.decode<object>(spec, [records[0]!, records[2]!])) {
          assert.ok(result.outcome === 'event');
          assert.deepEqual(result.event.value, subject.event(1));
          assert.equal(result.event.restricted, false);
        }
      }));

    it('refuses to encode for a forgotten user', () =>
      withKeyrings(async ({ writer }, codec) => {
        await encodeOne(codec, 1);
        await writer.forget(userRefOf(writer, 1));
        await assert.rejects(encodeOne(codec, 1), { code: 'USER_FORGOTTEN' });
      }));

    it('refuses an event that was erased, and one without its user id', () =>
      withKeyrings(async ({ writer }, codec) => {
        const record = await encodeOne(codec, 1);
        await writer.forget(userRefOf(writer, 1));
        const decoded = await decodeOne(codec, record);
        assert.equal(decoded.outcome, 'event');
        if (decoded.outcome !== 'event') return;
        const again = { spec, value: decoded.event.value, eventId: id(9) };
        await assert.rejects(codec.encode([again]), { code: 'EVENT_INVALID' });
        await assert.rejects(codec.encode([{ spec, value: {}, eventId: id(9) }]), {
          code: 'EVENT_INVALID',
          path: spec.userIdPath,
        });
      }));

    it('waits for a key that is under way, with one barrier a batch', () =>
      withKeyrings(async (keyrings, codec) => {
        keyrings.setDelayed(true);
        const records = [await encodeOne(codec, 1), await encodeOne(codec, 2), await encodeOne(codec, 3)];
        let barriers = 0;
        const reader = withCatchUp(keyrings.reader, async (users) => {
          barriers++;
          keyrings.setDelayed(false);
          await keyrings.reader.catchUp(users);
        });
        const decoded = await subject.codec(reader).decode<object>(spec, records);
        assert.deepEqual(
          decoded.map((result) => result.outcome),
          ['event', 'event', 'event'],
        );
        assert.equal(barriers, 1);
      }));

    it('is unavailable, not erased and not invalid, when the barrier cannot be passed', () =>
      withKeyrings(async (keyrings, codec) => {
        keyrings.setDelayed(true);
        const record = await encodeOne(codec, 1);
        const away = Object.assign(new Error('away'), { code: 'KEYRING_UNAVAILABLE' });
        const reader = withCatchUp(keyrings.reader, () => Promise.reject(away));
        assert.deepEqual(await decodeOne(subject.codec(reader), record), {
          outcome: 'unavailable',
          reason: 'key-not-seen',
        });
      }));

    it('refuses a record whose headers were changed', () =>
      withKeyrings(async ({ writer }, codec) => {
        const record = await encodeOne(codec, 1);
        await encodeOne(codec, 2);
        const changes: Record<string, string> = {
          [EVENT_HEADERS.stream]: 'another.stream',
          [EVENT_HEADERS.type]: subject.anotherType,
          [EVENT_HEADERS.eventId]: id(77),
          [EVENT_HEADERS.user]: userRefOf(writer, 2),
          [EVENT_HEADERS.format]: 'another',
        };
        for (const [name, value] of Object.entries(changes)) {
          const changed = { ...record, headers: { ...record.headers, [name]: value } };
          assert.equal((await decodeOne(codec, changed)).outcome, 'invalid', `${name} changed`);
          const { [name]: _gone, ...rest } = record.headers;
          assert.equal(
            (await decodeOne(codec, { ...record, headers: rest })).outcome,
            'invalid',
            `${name} gone`,
          );
        }
        const other = userRefOf(writer, 2);
        const otherUser = { ...record.headers, [EVENT_HEADERS.user]: other };
        const moved = { ...record, key: Buffer.from(other), headers: otherUser };
        assert.equal((await decodeOne(codec, moved)).outcome, 'invalid', 'given to another user');
        const otherKey = { ...record, key: Buffer.from(userRefOf(writer, 2)) };
        assert.equal((await decodeOne(codec, otherKey)).outcome, 'invalid', 'key changed');
        assert.equal(
          (await codec.decode(spec, [{ ...record, value: null }]))[0]?.outcome,
          'invalid',
          'no value',
        );
      }));

    it('raises an alarm for a key that is not there once the reader has caught up', () =>
      withKeyrings(async (keyrings, codec) => {
        keyrings.setDelayed(true);
        const record = await encodeOne(codec, 1);
        const reader = withCatchUp(keyrings.reader, () => Promise.resolve());
        const decoded = await decodeOne(subject.codec(reader), record);
        assert.equal(decoded.outcome, 'invalid');
        assert.equal(decoded.outcome === 'invalid' && decoded.reason, 'key-unknown');
      }));

    it('refuses a record that is read as another stream or type', () =>
      withKeyrings(async (_keyrings, codec) => {
        const record = await encodeOne(codec, 1);
        for (const [name, other] of [
          [EVENT_HEADERS.stream, { ...spec, stream: 'another.stream' }],
          [EVENT_HEADERS.type, { ...spec, type: subject.anotherType }],
        ] as const) {
          const headers = {
            ...record.headers,
            [name]: name === EVENT_HEADERS.type ? other.type : other.stream,
          };
          assert.equal((await codec.decode(other, [record]))[0]?.outcome, 'invalid');
          assert.equal((await codec.decode(other, [{ ...record, headers }]))[0]?.outcome, 'invalid');
        }
      }));

    it('never gives a personal value for a record with a flipped bit or a cut end', () =>
      withKeyrings(async (_keyrings, codec) => {
        const record = await encodeOne(codec, 1);
        const damaged: EncodedRecord[] = [];
        for (let index = 0; index < record.value.length; index++) {
          const value = Uint8Array.from(record.value);
          value[index] = (value[index] as number) ^ (1 << (index % 8));
          damaged.push({ ...record, value }, { ...record, value: record.value.slice(0, index) });
        }
        const original = subject.event(1);
        const decoded = await codec.decode<object>(spec, damaged);
        let invalid = 0;
        for (const result of decoded) {
          assert.notEqual(result.outcome, 'unavailable');
          if (result.outcome === 'invalid') invalid++;
          if (result.outcome !== 'event') continue;
          // A bit of a field in clear was hit: nothing of the user may have changed with it.
          assert.equal(result.event.erased, false);
          assert.deepEqual(
            valueAt(result.event.value, spec.userIdPath as string),
            valueAt(original, spec.userIdPath as string),
          );
        }
        assert.ok(invalid > damaged.length / 2);
      }));

    it('opens the good records of a batch with a bad one', () =>
      withKeyrings(async (_keyrings, codec) => {
        const good = await encodeOne(codec, 1);
        const bad = { ...good, value: Buffer.from('{') };
        const outcomes = (await codec.decode(spec, [good, bad, good])).map((result) => result.outcome);
        assert.deepEqual(outcomes, ['event', 'invalid', 'event']);
      }));
  });
}

/** The same keyring with another barrier. */
function withCatchUp(keyring: Keyring, catchUp: Keyring['catchUp']): Keyring {
  return new Proxy(keyring, {
    get(target, name) {
      if (name === 'catchUp') return catchUp;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
