import type { LeakAuditProgress, LeakReport } from '@oubliette/privacy';
import { counted } from '../counted.js';
import { table } from '../table.js';

/** Several reports as one. */
export function joined(reports: readonly LeakReport[]): LeakReport {
  return {
    clean: reports.every(({ clean }) => clean),
    complete: reports.every(({ complete }) => complete),
    hits: reports.reduce((sum, { hits }) => sum + hits, 0),
    findings: reports.flatMap(({ findings }) => findings),
    unseen: reports.flatMap(({ unseen }) => unseen),
    sources: reports.flatMap(({ sources }) => sources),
  };
}

/** For people: what was found, what was read, what was not, and what that comes to. */
export function describeReport(report: LeakReport): string[] {
  const { findings, sources, unseen } = report;
  const found = table(
    ['SOURCE', 'PLACE', 'WHAT', 'FORM', 'HITS'],
    findings.map(({ source, place, term, pattern, form, unpacked, hits }) => [
      source,
      place,
      pattern ?? `term ${term}`,
      `${form ?? 'text'}${unpacked ? ', unpacked' : ''}`,
      String(hits),
    ]),
  );
  const read = table(
    ['SOURCE', 'KIND', 'ENTRIES', 'BYTES', 'HITS', 'NOT READ', 'STATE'],
    sources.map(({ name, kind, entries, bytes, hits, unseen: gaps, failure }) => [
      name,
      kind,
      String(entries),
      String(bytes),
      String(hits),
      String(gaps),
      failure === null ? 'read to its end' : `failed: ${failure}`,
    ]),
  );
  const gaps = unseen.map(({ source, place, reason }) => `not looked into: ${source}, ${place}: ${reason}`);
  return [...(findings.length > 0 ? [...found, ''] : []), ...read, ...gaps, '', verdictOf(report)];
}

function verdictOf({ clean, complete, hits, findings }: LeakReport): string {
  const limits = complete ? '' : ' Not everything could be read: this is no proof.';
  if (clean) return `Nothing was found.${limits}`;
  const shown = findings.reduce((sum, finding) => sum + finding.hits, 0);
  const rest = shown < hits ? ` ${counted(hits - shown, 'of them is', 'of them are')} not listed.` : '';
  return `${counted(hits, 'leak was', 'leaks were')} found.${rest}${limits}`;
}

/** One line of progress. */
export function describeProgress({ source, entries, bytes, hits, done }: LeakAuditProgress): string {
  const megabytes = (bytes / 1_000_000).toFixed(1);
  return `${source}: ${counted(entries, 'entry', 'entries')}, ${megabytes} MB${done ? ', done' : ''}; ${hits} found so far`;
}
