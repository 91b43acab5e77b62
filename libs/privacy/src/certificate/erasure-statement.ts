import { createHash } from 'node:crypto';
import { z } from 'zod';
import { PrivacyError } from '../errors.js';
import { unseenReplicas } from '../forgetting/unseen-replicas.js';
import type { Erasure } from '../ports.js';
import type { TopicErasure } from '../ways/topic-erasure.js';
import type { ErasureEvidence } from '../verification/erasure-evidence.js';
import { refusalReasons, type Acknowledgement } from '../processors/acknowledgement.js';
import { software } from '../version.js';
import type { ChainedBody } from './signed-certificate.js';

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));
const moment = z.string().refine(isMoment);
const count = z.int().nonnegative();

/** What keeps a certificate from being whole. */
export const outstandingReasons = ['forgetting', 'erasure', 'replicas', 'acknowledgements'] as const;

const offset = z.string().regex(/^(0|[1-9]\d{0,18})$/);

const unseenSchema = z.strictObject({ replica: count, why: z.enum(['down', 'out of sync', 'unreadable']) });

/** Looks at replicas; `records` is how the number of records read may be given. */
const passesSchema = <T extends z.ZodType>(records: T) =>
  z.array(z.strictObject({ at: moment, replica: count, logStart: offset, highWatermark: offset, records }));

/** What was seen in the logs of the key topic's partition. */
const evidenceSchema = z.strictObject({
  passes: passesSchema(count),
  unseen: z.array(unseenSchema),
  unlinkedAt: moment,
  files: z.array(
    z.strictObject({
      at: moment,
      replica: count,
      outcome: z.enum(['clean', 'unclear']),
      files: count,
      bytes: count,
      segments: z.array(z.strictObject({ file: z.string(), bytes: count, records: count })),
    }),
  ),
  lateRecords: count,
  bound: z.strictObject({
    ms: count.nullable(),
    terms: z.array(z.strictObject({ name: z.string(), setting: z.string(), ms: count.nullable() })),
  }),
});

/** A topic from which the user's records went too, and what was seen in its logs. */
const topicSchema = z.strictObject({
  topic: z.string(),
  way: z.enum(['tombstone', 'expiry']),
  boundMs: count.nullable(),
  partitions: z
    .array(
      z.strictObject({
        partition: count,
        mark: offset.nullable(),
        tombstones: count,
        passes: passesSchema(count.nullable()),
        unseen: z.array(unseenSchema),
        unlinkedAt: moment,
      }),
    )
    .nullable(),
});

/** The body of an erasure's certificate (docs/certificate.md): everything in it, and nothing else. */
const statementSchema = z.strictObject({
  version: z.literal(1),
  number: z.int().positive(),
  previous: hex(32).nullable(),
  issuedAt: moment,
  kind: z.literal('erasure'),
  software: z.strictObject({ name: z.string(), version: z.string() }),
  outstanding: z.array(z.enum(outstandingReasons)),
  erasure: z.strictObject({
    id: z.string(),
    user: hex(32),
    lifecycle: z.int().positive(),
    state: z.enum(['requested', 'held', 'forgotten', 'erased']),
    requestedAt: moment,
    forgottenAt: moment.nullable(),
    erasedAt: moment.nullable(),
  }),
  deadline: z.strictObject({
    law: z.string(),
    at: moment,
    extension: z.strictObject({ at: moment, reason: z.string() }).nullable(),
  }),
  hold: z.strictObject({ at: moment, reason: z.string(), liftedAt: moment.nullable() }).nullable(),
  keys: z.strictObject({ partition: count, fingerprints: z.array(hex(16)) }).nullable(),
  boundMs: count.nullable(),
  evidence: evidenceSchema.nullable(),
  topics: z.array(topicSchema),
  acknowledgements: z.array(
    z.strictObject({
      processor: z.string().regex(/^[a-z0-9._-]{1,64}$/),
      outcome: z.enum(['outstanding', 'erased', 'refused']),
      at: moment.nullable(),
      reason: z.enum(refusalReasons).nullable(),
      text: z.string().nullable(),
    }),
  ),
});

/** What a certificate states of an erasure. Times as `yyyy-mm-ddThh:mm:ss.sssZ`. */
export type ErasureStatement = z.infer<typeof statementSchema>;

/** An erasure in the words of its certificate, which has no place in the chain and no date yet. */
export type UndatedStatement = Omit<ErasureStatement, 'number' | 'previous' | 'issuedAt'>;

/** No pseudonym stands in it: who has the pseudonym can check that it is meant. */
export function statementOf(
  erasure: Erasure,
  acknowledgements: readonly Acknowledgement[],
): UndatedStatement {
  const { erasureId, userRef, lifecycle, state, extension, hold, keys, boundMs } = erasure;
  return {
    version: 1,
    kind: 'erasure',
    software,
    outstanding: outstandingOf(erasure, acknowledgements),
    erasure: {
      id: erasureId,
      user: userCommitment(erasureId, userRef),
      lifecycle,
      state,
      requestedAt: iso(erasure.requestedAt),
      forgottenAt: isoOrNull(erasure.forgottenAt),
      erasedAt: isoOrNull(erasure.erasedAt),
    },
    deadline: {
      law: erasure.law,
      at: iso(erasure.deadline),
      extension: extension === null ? null : { at: iso(extension.at), reason: extension.reason },
    },
    hold:
      hold === null ? null : { at: iso(hold.at), reason: hold.reason, liftedAt: isoOrNull(hold.liftedAt) },
    keys: keys === null ? null : { partition: keys.partition, fingerprints: [...keys.fingerprints] },
    boundMs: whole(boundMs),
    evidence: erasure.evidence === null ? null : evidenceOf(erasure.evidence),
    topics: erasure.topics.map(topicOf),
    acknowledgements: acknowledgements.map(({ processor, outcome, answeredAt, reason, text }) => ({
      processor,
      outcome,
      at: isoOrNull(answeredAt),
      reason,
      text,
    })),
  };
}

/** SHA-256 of `oubliette/certificate/user/v1`, the erasure's id and the pseudonym, each with a line end behind it; lower-case hex. */
export function userCommitment(erasureId: string, userRef: string): string {
  return createHash('sha256')
    .update(`oubliette/certificate/user/v1\n${erasureId}\n${userRef}\n`)
    .digest('hex');
}

/** Throws PrivacyError CERTIFICATE_MALFORMED where a body, however well signed, is none of an erasure. */
export function readStatement(body: ChainedBody): ErasureStatement {
  const read = statementSchema.safeParse(body);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? 'its body' : issue.path.join('.');
  throw new PrivacyError(
    'CERTIFICATE_MALFORMED',
    `The certificate ${body.number} is none of an erasure: ${place} is not as docs/certificate.md has it.`,
  );
}

function evidenceOf({
  passes,
  unseen,
  unlinkedAt,
  files = [],
  lateRecords,
  bound,
}: ErasureEvidence): ErasureStatement['evidence'] {
  return {
    passes: passes.map((pass) => ({ ...pass, at: iso(pass.at) })),
    unseen: [...unseen],
    unlinkedAt: iso(unlinkedAt),
    files: files.map(({ at, segments, ...rest }) => ({ ...rest, at: iso(at), segments: [...segments] })),
    lateRecords,
    bound: {
      ms: whole(bound.ms),
      terms: bound.terms.map(({ name, setting, ms }) => ({ name, setting, ms: whole(ms) })),
    },
  };
}

function topicOf({ topic, way, boundMs, evidence }: TopicErasure): ErasureStatement['topics'][number] {
  const partitions =
    evidence?.map(({ passes, unseen, unlinkedAt, ...one }) => ({
      ...one,
      passes: passes.map((pass) => ({ ...pass, at: iso(pass.at) })),
      unseen: [...unseen],
      unlinkedAt: iso(unlinkedAt),
    })) ?? null;
  return { topic, way, boundMs: whole(boundMs), partitions };
}

function outstandingOf(
  erasure: Erasure,
  acknowledgements: readonly Acknowledgement[],
): UndatedStatement['outstanding'] {
  const { state } = erasure;
  const isForgotten = state === 'forgotten' || state === 'erased';
  return [
    ...(isForgotten ? [] : (['forgetting'] as const)),
    ...(state === 'erased' ? [] : (['erasure'] as const)),
    ...(unseenReplicas(erasure).length > 0 ? (['replicas'] as const) : []),
    ...(acknowledgements.some(({ outcome }) => outcome === 'outstanding')
      ? (['acknowledgements'] as const)
      : []),
  ];
}

/** Of the years 1970 to 9999, in the one spelling that a certificate has. */
function isMoment(text: string): boolean {
  const ms = Date.parse(text);
  return ms >= 0 && text.length === 24 && iso(ms) === text;
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.ceil(ms);
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
