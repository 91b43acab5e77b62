import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  Decoded,
  DecodedMessage,
  Encodable,
  EncodableRequestOf,
  RequestOf,
  ResponseOf,
  UnknownTag,
} from '../../src/index.js';
import { array, bytes, int32, int64, string, struct, structs, uuid } from '../../src/schema/field.js';
import { message } from '../../src/schema/message.js';

// What is checked here is checked by the compiler: a type that is wider or narrower than the table says does not build.

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { expected: B; got: A };
function same<A, B>(_proof: Same<A, B>): void {
  assert.ok(_proof);
}

const table = message(
  'Example',
  { versions: '0-3', flexible: '2+' },
  {
    id: int64(),
    name: string({ nullable: '1+' }),
    late: int32({ versions: '1+' }),
    topic: uuid({ default: 'AAAAAAAAAAAAAAAAAAAAAA' }),
    data: bytes(),
    labels: array(string(), { nullable: '0+' }),
    items: structs({ at: int32(), note: string({ default: '' }) }),
    maybe: struct({ a: int32() }, { versions: '3+', nullable: '3+', default: null }),
    tagged: struct({ b: int32({ default: 1 }) }, { versions: '2+', tag: 0 }),
  },
);

interface Tags {
  unknownTags?: readonly UnknownTag[];
}
interface ReadonlyTags {
  readonly unknownTags?: readonly UnknownTag[] | undefined;
}
type Flat<T> = { [K in keyof T]: T[K] };

test('what decoding gives: every field, null only where a version has it', () => {
  type Expected = Flat<
    {
      id: bigint;
      name: string | null;
      late: number;
      topic: string;
      data: Uint8Array;
      labels: string[] | null;
      items: Flat<{ at: number; note: string } & Tags>[];
      maybe: Flat<{ a: number } & Tags> | null;
      tagged: Flat<{ b: number } & Tags>;
    } & Tags
  >;
  same<DecodedMessage<typeof table>, Expected>(true);
  assert.equal(table.maxVersion, 3);
});

test('what encoding takes: what has a default, a tag or limited versions may be left out', () => {
  type Expected = Flat<
    {
      readonly id: bigint;
      readonly name: string | null;
      readonly data: Uint8Array;
      readonly labels: readonly string[] | null;
      readonly items: readonly Flat<
        { readonly at: number } & { readonly note?: string | undefined } & ReadonlyTags
      >[];
    } & {
      readonly late?: number | undefined;
      readonly topic?: string | undefined;
      readonly maybe?: Flat<{ readonly a: number } & ReadonlyTags> | null | undefined;
      readonly tagged?: Flat<{ readonly b?: number | undefined } & ReadonlyTags> | undefined;
    } & ReadonlyTags
  >;
  same<Encodable<(typeof table)['fields']>, Expected>(true);
});

test('of the real tables', () => {
  same<RequestOf<'endTxn'>['committed'], boolean>(true);
  same<RequestOf<'produce'>['topicData'][number]['partitionData'][number]['records'], Uint8Array | null>(
    true,
  );
  same<ResponseOf<'fetch'>['responses'][number]['partitions'][number]['highWatermark'], bigint>(true);
  same<EncodableRequestOf<'metadata'>['allowAutoTopicCreation'], boolean | undefined>(true);
  same<
    ResponseOf<'describeTopicPartitions'>['nextCursor'] extends infer C ? (null extends C ? true : false) : 0,
    true
  >(true);
});

test('what does not fit does not build', () => {
  const takes = (_value: EncodableRequestOf<'heartbeat'>): void => undefined;
  takes({ groupId: 'g', generationId: 1, memberId: 'm' });
  // @ts-expect-error a field without a default is missing
  takes({ groupId: 'g', generationId: 1 });
  // @ts-expect-error null in a field that no version lets be null
  takes({ groupId: null, generationId: 1, memberId: 'm' });
  // @ts-expect-error an int32 is a number
  takes({ groupId: 'g', generationId: 1n, memberId: 'm' });
  // @ts-expect-error a field that the table lacks
  takes({ groupId: 'g', generationId: 1, memberId: 'm', epoch: 1 });
  const read = (value: Decoded<(typeof table)['fields']>): number => value.late;
  assert.equal(typeof read, 'function');
});
