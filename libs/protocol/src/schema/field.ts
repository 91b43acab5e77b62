import type { VersionRange } from './versions.js';

/** What stands in a field's table row beside its type. Without `versions` a field is in every version of its message. */
export interface FieldOptions {
  readonly versions?: VersionRange;
  readonly nullable?: VersionRange;
  readonly default?: boolean | number | bigint | string | null;
  /** Sent as this tag in the tagged section of its struct, and only when it differs from its default (KIP-482). */
  readonly tag?: number;
  /** May be given a value in a version that lacks it; else that is an error. */
  readonly ignorable?: boolean;
  /** Never in its compact form, as the client id of a request header. */
  readonly flexible?: 'none';
}

export type ScalarKind =
  | 'boolean'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records';

export interface FieldSpec {
  readonly kind: ScalarKind | 'array' | 'struct';
  readonly options: FieldOptions;
  /** Of an array. */
  readonly element?: FieldSpec;
  /** Of a struct. */
  readonly fields?: Fields;
}

declare const TYPES: unique symbol;

/** A row of a field table; `Out` is what decoding gives, `In` what encoding takes, `Optional` whether it may be left out. */
export interface Field<Out, In, Optional extends boolean> extends FieldSpec {
  readonly [TYPES]?: { readonly out: Out; readonly in: In; readonly optional: Optional };
}

export type Fields = { readonly [name: string]: Field<unknown, unknown, boolean> };

/** A tagged field that the tables do not know, kept as it came. */
export interface UnknownTag {
  readonly tag: number;
  readonly data: Uint8Array;
}

type Simplify<T> = { [K in keyof T]: T[K] };
type OutOf<F> = F extends Field<infer Out, infer _In, infer _Optional> ? Out : never;
type InOf<F> = F extends Field<infer _Out, infer In, infer _Optional> ? In : never;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer _Out, infer _In, infer O> ? (O extends true ? K : never) : never;
}[keyof F];

/** What decoding a struct gives: every field, with its default where the version lacks it. */
export type Decoded<F extends Fields> = Simplify<
  { -readonly [K in keyof F]: OutOf<F[K]> } & { unknownTags?: readonly UnknownTag[] }
>;

/** What encoding a struct takes: fields with a default, a tag or limited versions may be left out. */
export type Encodable<F extends Fields> = Simplify<
  { readonly [K in Exclude<keyof F, OptionalKeys<F>>]: InOf<F[K]> } & {
    readonly [K in OptionalKeys<F>]?: InOf<F[K]> | undefined;
  } & { readonly unknownTags?: readonly UnknownTag[] | undefined }
>;

type NullOf<O extends FieldOptions> = O extends { readonly nullable: string } ? null : never;
type OptionalOf<O extends FieldOptions> = O extends
  { readonly versions: string } | { readonly default: unknown } | { readonly tag: number }
  ? true
  : false;
type NoOptions = Record<never, never>;
type Scalar<T, O extends FieldOptions> = Field<T | NullOf<O>, T | NullOf<O>, OptionalOf<O>>;

function scalar<T>(kind: ScalarKind) {
  return <const O extends FieldOptions = NoOptions>(options?: O): Scalar<T, O> => ({
    kind,
    options: options ?? {},
  });
}

export const boolean = scalar<boolean>('boolean');
export const int8 = scalar<number>('int8');
export const int16 = scalar<number>('int16');
export const uint16 = scalar<number>('uint16');
export const int32 = scalar<number>('int32');
export const int64 = scalar<bigint>('int64');
export const float64 = scalar<number>('float64');
/** Kafka's text form: 22 characters of unpadded URL-safe base64. */
export const uuid = scalar<string>('uuid');
export const string = scalar<string>('string');
/** Decoded as a view of the frame. */
export const bytes = scalar<Uint8Array>('bytes');
/** Record batches; decoded as a view of the frame, encoded without a copy where they are many. Null by default. */
export const records = scalar<Uint8Array>('records');

export function array<Out, In, const O extends FieldOptions = NoOptions>(
  element: Field<Out, In, boolean>,
  options?: O,
): Field<Out[] | NullOf<O>, readonly In[] | NullOf<O>, OptionalOf<O>> {
  return { kind: 'array', element, options: options ?? {} };
}

export function struct<const F extends Fields, const O extends FieldOptions = NoOptions>(
  fields: F,
  options?: O,
): Field<Decoded<F> | NullOf<O>, Encodable<F> | NullOf<O>, OptionalOf<O>> {
  return { kind: 'struct', fields, options: options ?? {} };
}

/** An array of structs. */
export function structs<const F extends Fields, const O extends FieldOptions = NoOptions>(
  fields: F,
  options?: O,
): Field<Decoded<F>[] | NullOf<O>, readonly Encodable<F>[] | NullOf<O>, OptionalOf<O>> {
  return { kind: 'array', element: { kind: 'struct', fields, options: {} }, options: options ?? {} };
}
