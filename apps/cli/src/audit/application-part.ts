import type { LeakAuditProgress, LeakReport, SourceReport } from '@oubliette/privacy';
import type { CliContext } from '../context.js';
import { CliError, codeOf } from '../errors.js';
import { SampleClient } from '../sample/sample-client.js';

/** What is asked of the application: its own sources, but not the topics, which are read from here. */
export interface ApplicationQuestion {
  readonly terms: readonly string[];
  readonly patterns: readonly string[];
}

const NAME = 'application';

/**
 * What the running application found in what it declares: tables, files, caches. It has one process that may open its embedded database,
 * so the question goes to that, over its guarded route. A failure is a source that could not be read.
 */
export async function auditApplication(
  context: CliContext,
  dataDir: string,
  question: ApplicationQuestion,
  onProgress: (progress: LeakAuditProgress) => void,
): Promise<LeakReport> {
  const request = {
    method: 'POST',
    path: '/privacy/audit/leaks',
    body: JSON.stringify({ ...question, topics: false }),
  } as const;
  try {
    for await (const line of new SampleClient(context, dataDir).lines(request)) {
      const { progress, report, problem } = line as {
        progress?: LeakAuditProgress;
        report?: LeakReport;
        problem?: { code: string; detail?: string };
      };
      if (progress !== undefined) onProgress({ ...progress, source: `${NAME}: ${progress.source}` });
      if (report !== undefined) return named(report);
      if (problem !== undefined)
        throw new CliError(
          'SAMPLE_REFUSED',
          `The sample's audit failed: ${problem.code}. ${problem.detail ?? ''}`,
        );
    }
    throw new CliError('SAMPLE_UNREACHABLE', "The sample's answer broke off before its report.");
  } catch (error) {
    if (context.signal.aborted) throw error;
    context.err(`oubliette: ${error instanceof Error ? error.message : String(error)}\n`);
    return unread(codeOf(error));
  }
}

function named(report: LeakReport): LeakReport {
  const source = (name: string): string => `${NAME}: ${name}`;
  return {
    ...report,
    findings: report.findings.map((finding) => ({ ...finding, source: source(finding.source) })),
    unseen: report.unseen.map((place) => ({ ...place, source: source(place.source) })),
    sources: report.sources.map((one) => ({ ...one, name: source(one.name) })),
  };
}

function unread(failure: string): LeakReport {
  const nothing: SourceReport = {
    name: NAME,
    kind: 'table',
    entries: 0,
    bytes: 0,
    hits: 0,
    unseen: 0,
    failed: 0,
    failure,
  };
  return { clean: true, complete: false, hits: 0, findings: [], unseen: [], sources: [nothing] };
}
