import { spellDuration } from '@oubliette/privacy';
import { CliError } from './errors.js';
import { timeLeft } from './time-left.js';

/** An erasure as the sample gives it, in lines for people. Times come as ms since the Unix epoch or as ISO dates. */
export function describeErasure(erasure: unknown, now: number): string[] {
  const fields = asStanding(erasure);
  const lines = [`${text(fields['erasureId'])}  ${text(fields['state'])}`];
  const add = (what: string, when: string | null, more = ''): void => {
    if (when !== null) lines.push(`  ${what} ${when}${more}`);
  };
  add('requested', moment(fields['requestedAt']));
  add('deadline', moment(fields['deadline']), standing(fields, now));
  // Of one that is forgotten it was kept or missed.
  if (moment(fields['forgottenAt']) === null) add('to be forgotten by', moment(fields['actBy']));
  lines.push(...describeExtension(fields['extension']), ...describeHold(fields['hold']));
  add('forgotten', moment(fields['forgottenAt']));
  add('erased', moment(fields['erasedAt']));
  const bound = fields['bound'] ?? fields['boundMs'];
  if (typeof bound === 'number') lines.push(`  bound ${spellDuration(bound)} from forgotten to erased`);
  // While it is held, the note is the hold.
  if (typeof fields['note'] === 'string' && fields['state'] !== 'held') lines.push(`  ${fields['note']}`);
  for (const { topic, way, gone } of recordsIn(fields['topics']))
    lines.push(
      `  records in topic ${text(topic)}, by ${text(way)}: ${gone === true ? 'gone' : 'not gone yet'}`,
    );
  for (const { processor, outcome, reason } of recordsIn(fields['acknowledgements']))
    lines.push(
      `  processor ${text(processor)}: ${text(outcome)}${typeof reason === 'string' ? ` (${reason})` : ''}`,
    );
  return lines;
}

/** What stands about a user: the state by the key topic, restriction and hold, and the last erasure. */
export function describeUser(user: unknown, now: number): string[] {
  const { state, confirmed, erasure, restrictedSince, restrictionReason: why, hold } = asStanding(user);
  const since = moment(restrictedSince);
  // A request that waits for the hold says it too.
  const isTold = asRecord(asRecord(erasure)['hold'])['at'] === asRecord(hold)['at'];
  return [
    text(state),
    ...(confirmed === false
      ? ['  by the ledger: the brokers are away, and the key topic was not asked']
      : []),
    ...(since === null ? [] : [`  restricted since ${since}${typeof why === 'string' ? `: ${why}` : ''}`]),
    ...(isTold ? [] : describeHold(hold)),
    ...(erasure === null || erasure === undefined ? [] : describeErasure(erasure, now)),
  ];
}

export const erasureHeading = ['ERASURE', 'STATE', 'DEADLINE', 'LEFT'] as const;

/** One row of a table under that heading. */
export function erasureRow(erasure: unknown, now: number): string[] {
  const fields = asStanding(erasure);
  const [id, state] = [text(fields['erasureId']), text(fields['state'])];
  return [id, state, moment(fields['deadline']) ?? '', left(fields, now)];
}

function standing(fields: Readonly<Record<string, unknown>>, now: number): string {
  const law = typeof fields['law'] === 'string' ? [fields['law']] : [];
  const said = [left(fields, now), ...law].filter((part) => part !== '');
  return said.length === 0 ? '' : ` (${said.join('; ')})`;
}

/** How it stands to its deadline; what is done has no time left. */
function left(
  { deadline, erasedAt, urgency, state }: Readonly<Record<string, unknown>>,
  now: number,
): string {
  if (moment(erasedAt) !== null || state === 'erased')
    return urgency === 'overdue' ? 'done, after the deadline' : 'done in time';
  const at = typeof deadline === 'number' ? deadline : Date.parse(String(deadline));
  if (!Number.isFinite(at)) return '';
  return urgency === 'endangered' ? `${timeLeft(at, now)}, endangered` : timeLeft(at, now);
}

function describeExtension(extension: unknown): string[] {
  const { at, reason } = asRecord(extension);
  const when = moment(at);
  return when === null ? [] : [`  extended ${when}: ${text(reason)}`];
}

function describeHold(hold: unknown): string[] {
  const { at, reason, liftedAt } = asRecord(hold);
  const when = moment(at);
  if (when === null) return [];
  const until = moment(liftedAt);
  return [
    until === null
      ? `  held since ${when}: ${text(reason)}`
      : `  was held ${when} to ${until}: ${text(reason)}`,
  ];
}

function recordsIn(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.map(asRecord) : [];
}

/** A user or an erasure. Throws CliError SAMPLE_REFUSED for anything else: what answers may be another program. */
export function asStanding(answer: unknown): Record<string, unknown> {
  const fields = asRecord(answer);
  if (typeof fields['state'] === 'string') return fields;
  throw new CliError('SAMPLE_REFUSED', 'The answer says no state. Is it the sample that answers?');
}

export function asRecord(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? { ...value } : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '?';
}

function moment(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? new Date(value).toISOString() : null;
}
