import { readStatement, type ErasureStatement } from './erasure-statement.js';
import { readCertificate } from './signed-certificate.js';

type Evidence = NonNullable<ErasureStatement['evidence']>;
type Row = readonly [name: string, value: string];

/**
 * A certificate for people, as an HTML page without script. It says what the file says; that the file is genuine only
 * `certificate verify` can say. Throws PrivacyError CERTIFICATE_MALFORMED.
 */
export function certificatePage(file: string): string {
  const { body, key, digest } = readCertificate(Buffer.from(file, 'utf8'));
  const statement = readStatement(body);
  const isWhole = statement.outstanding.length === 0;
  const rows: Row[] = [...rowsOf(statement), ['Signing key (SHA-256)', key], ['This file (SHA-256)', digest]];
  const cells = rows.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Certificate ${statement.number}</title>
<style>body{font:16px/1.5 sans-serif;margin:2rem auto;max-width:50rem}th{text-align:left;vertical-align:top;padding-right:2rem}td{word-break:break-word}</style>
</head><body><h1>${isWhole ? 'Certificate of erasure' : 'Partial certificate of erasure'}</h1>
<table>${cells.join('\n')}</table>
<p>This page is no proof. Check the file: <code>oubliette certificate verify FILE --trusted-key certificate.pub</code></p>
</body></html>
`;
}

function rowsOf(statement: ErasureStatement): Row[] {
  const { erasure, deadline, keys, boundMs, hold, acknowledgements } = statement;
  const rows: (readonly [name: string, value: string | null])[] = [
    ['Number', `${statement.number}, issued ${statement.issuedAt}`],
    ['Outstanding', statement.outstanding.length === 0 ? 'nothing' : statement.outstanding.join(', ')],
    ['Erasure', erasure.id],
    ['State', erasure.state],
    ['User (commitment)', `${erasure.user}, lifecycle ${erasure.lifecycle}`],
    ['Requested', erasure.requestedAt],
    ['Deadline', `${deadline.at} (${deadline.law})`],
    [
      'Extended',
      deadline.extension === null ? null : `${deadline.extension.at}: ${deadline.extension.reason}`,
    ],
    ['Hold', hold === null ? null : `${hold.at}: ${hold.reason}; lifted: ${hold.liftedAt ?? 'no'}`],
    ['Forgotten', erasure.forgottenAt],
    [
      'Keys',
      keys === null ? null : `partition ${keys.partition}; fingerprints: ${keys.fingerprints.join(', ')}`,
    ],
    ['Bound, forgotten to erased', boundMs === null ? 'none' : `${boundMs} ms`],
    ['Erased', erasure.erasedAt],
    ...evidenceRows(statement.evidence),
    ...statement.topics.map((topic) => [`Topic ${topic.topic}, by ${topic.way}`, topicText(topic)] as const),
    ...acknowledgements.map((one) => [`Processor ${one.processor}`, answerOf(one)] as const),
    ['Software', `${statement.software.name} ${statement.software.version}`],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [[name, value]]));
}

function evidenceRows(evidence: ErasureStatement['evidence']): [name: string, value: string][] {
  if (evidence === null) return [];
  const { passes, unseen, unlinkedAt, files, lateRecords } = evidence;
  return [
    ...passes.map(({ replica, at, logStart, highWatermark, records }): [string, string] => [
      `Read on broker ${replica}`,
      `${at}: offsets ${logStart} to ${highWatermark}, ${records} records, none of the user's keys`,
    ]),
    ...unseen.map(({ replica, why }): [string, string] => [`Not seen on broker ${replica}`, why]),
    ['Replaced files unlinked by', unlinkedAt],
    ...files.map((pass): [string, string] => [`Files of broker ${pass.replica}`, filesText(pass)]),
    ['Key records that came late', `${lateRecords}`],
  ];
}

function filesText({ at, outcome, files, bytes, segments }: Evidence['files'][number]): string {
  const read = `${at}: ${files} files of ${bytes} bytes, none with a key of the user`;
  const named = segments.map(({ file, records }) => `${file} (${records} records)`);
  return [read, ...(outcome === 'clean' ? [] : ['not all could be read']), ...named].join('; ');
}

function topicText({ boundMs, partitions }: ErasureStatement['topics'][number]): string {
  const bound = `bound ${boundMs === null ? 'none' : `${boundMs} ms`}`;
  if (partitions === null) return `not done; ${bound}`;
  const looks = partitions.flatMap(({ partition, mark, tombstones, passes, unseen, unlinkedAt }) => [
    `partition ${partition}: ${mark === null ? `${tombstones} tombstones written` : `everything before offset ${mark}`}`,
    ...passes.map(
      ({ replica, at, logStart, highWatermark }) =>
        `broker ${replica} at ${at}, offsets ${logStart} to ${highWatermark}`,
    ),
    ...unseen.map(({ replica, why }) => `not seen on broker ${replica}: ${why}`),
    `unlinked by ${unlinkedAt}`,
  ]);
  return [bound, ...looks].join('; ');
}

function answerOf({ outcome, at, reason, text }: ErasureStatement['acknowledgements'][number]): string {
  if (at === null) return outcome;
  const said = [reason, text].filter((part) => part !== null);
  return `${outcome} ${at}${said.length === 0 ? '' : `: ${said.join(', ')}`}`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? '');
}
