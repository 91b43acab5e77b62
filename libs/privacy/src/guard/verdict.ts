import type { WorstCase } from './worst-case.js';

export type Verdict = 'ok' | 'warn' | 'refuse';

/** What a topic is there for: its rules differ. */
export type TopicRole = 'personal data' | 'key topic';

/** One thing that a rule has to say. A note explains and does not change the verdict. */
export interface Finding {
  readonly level: 'note' | 'warn' | 'refuse';
  readonly text: string;
}

/** The answer of a guard. `reasons` are behind the verdict, the gravest first; `notes` are good to know. */
export interface GuardResult extends WorstCase {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}

/** The gravest finding decides. */
export function concluded(worstCase: WorstCase, findings: readonly Finding[]): GuardResult {
  const texts = (level: Finding['level']): string[] =>
    findings.filter((finding) => finding.level === level).map((finding) => finding.text);
  const refusals = texts('refuse');
  const warnings = texts('warn');
  const verdict = refusals.length > 0 ? 'refuse' : warnings.length > 0 ? 'warn' : 'ok';
  return { ...worstCase, verdict, reasons: [...refusals, ...warnings], notes: texts('note') };
}
