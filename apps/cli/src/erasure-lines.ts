import { spellDuration } from '@oubliette/privacy';

/** An erasure as the sample gives it, in lines for people. Times come as ms since the Unix epoch or as ISO dates. */
export function describeErasure(erasure: unknown): string[] {
  const fields = asRecord(erasure);
  const lines = [`${text(fields['erasureId'])}  ${text(fields['state'])}`];
  for (const name of ['requestedAt', 'deadline', 'actBy', 'forgottenAt', 'erasedAt']) {
    const when = moment(fields[name]);
    if (when !== null) lines.push(`  ${name} ${when}`);
  }
  const bound = fields['bound'] ?? fields['boundMs'];
  if (typeof bound === 'number') lines.push(`  bound ${spellDuration(bound)} from forgotten to erased`);
  if (typeof fields['urgency'] === 'string' && fields['urgency'] !== 'in time')
    lines.push(`  ${fields['urgency']}`);
  if (typeof fields['note'] === 'string') lines.push(`  ${fields['note']}`);
  const topics: unknown[] = Array.isArray(fields['topics']) ? fields['topics'] : [];
  for (const { topic, way, gone } of topics.map(asRecord))
    lines.push(
      `  records in topic ${text(topic)}, by ${text(way)}: ${gone === true ? 'gone' : 'not gone yet'}`,
    );
  return lines;
}

/** What stands about a user: the state by the key topic, whether its data is restricted, and the last erasure. */
export function describeUser(user: unknown): string[] {
  const { state, erasure, restrictedSince } = asRecord(user);
  const since = moment(restrictedSince);
  return [
    text(state),
    ...(since === null ? [] : [`  restricted since ${since}`]),
    ...(erasure === null || erasure === undefined ? [] : describeErasure(erasure)),
  ];
}

/** One row of a table: id, state, deadline. */
export function erasureRow(erasure: unknown): string[] {
  const fields = asRecord(erasure);
  return [text(fields['erasureId']), text(fields['state']), moment(fields['deadline']) ?? ''];
}

function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}

function moment(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? new Date(value).toISOString() : null;
}
