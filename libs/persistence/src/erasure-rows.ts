import { unseenReplicas, type Erasure, type ErasureState } from '@oubliette/privacy';
import type { SqlRow, SqlValue } from './sql.js';

export const erasureColumns = [
  'erasure_id',
  'user_ref',
  'lifecycle',
  'revision',
  'state',
  'requested_at',
  'updated_at',
  'law',
  'deadline',
  'extension',
  'hold',
  'forgotten_keys',
  'bound_ms',
  'forgotten_at',
  'erased_at',
  'note',
  'evidence',
  'unseen_replicas',
  'topics',
];

/** What a step may change. */
export const changingColumns = erasureColumns.filter(
  (name) => !['erasure_id', 'user_ref', 'lifecycle', 'requested_at'].includes(name),
);

/** In the order of the columns. */
export function erasureValues(erasure: Erasure): SqlValue[] {
  return [
    erasure.erasureId,
    erasure.userRef,
    erasure.lifecycle,
    erasure.revision,
    erasure.state,
    erasure.requestedAt,
    erasure.updatedAt,
    erasure.law,
    erasure.deadline,
    json(erasure.extension),
    json(erasure.hold),
    json(erasure.keys),
    erasure.boundMs,
    erasure.forgottenAt,
    erasure.erasedAt,
    erasure.note,
    json(erasure.evidence),
    unseenReplicas(erasure).length,
    JSON.stringify(erasure.topics),
  ];
}

export function erasureOf(row: SqlRow): Erasure {
  const number = (column: string) => (row[column] === null ? null : Number(row[column]));
  return {
    erasureId: String(row['erasure_id']),
    userRef: String(row['user_ref']) as Erasure['userRef'],
    lifecycle: Number(row['lifecycle']),
    revision: Number(row['revision']),
    state: row['state'] as ErasureState,
    requestedAt: Number(row['requested_at']),
    updatedAt: Number(row['updated_at']),
    law: String(row['law']),
    deadline: Number(row['deadline']),
    extension: parsed<Erasure['extension']>(row['extension']),
    hold: parsed<Erasure['hold']>(row['hold']),
    keys: parsed<Erasure['keys']>(row['forgotten_keys']),
    boundMs: number('bound_ms'),
    forgottenAt: number('forgotten_at'),
    erasedAt: number('erased_at'),
    note: row['note'] === null ? null : String(row['note']),
    evidence: parsed<Erasure['evidence']>(row['evidence']),
    topics: parsed<Erasure['topics']>(row['topics']) ?? [],
  };
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** Written by `json` of the same field. */
function parsed<T>(text: unknown): T | null {
  return text === null ? null : (JSON.parse(String(text)) as T);
}
