import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { Body, Controller, HttpCode, Post, Res, StreamableFile, UseFilters, UseGuards } from '@nestjs/common';
import { auditPattern } from '@oubliette/privacy';
import type { LeakAuditProgress, LeakReport } from '@oubliette/privacy';
import { LeakAuditService } from '../audit/leak-audit.service.js';
import type { LeakAuditRequest } from '../audit/leak-audit.service.js';
import { AccessGuard } from './access.guard.js';
import { ProblemError, problemOf } from './problem.js';
import type { Problem } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** A line of the answer: progress about once a second, then one of the others. */
export type AuditLine =
  { readonly progress: LeakAuditProgress } | { readonly report: LeakReport } | { readonly problem: Problem };

/** Progress that a slow reader has not taken; more is dropped. */
const MOST_WAITING = 64 * 1024;

/**
 * `POST <prefix>/audit/leaks` with `{ "terms": […], "patterns": […], "topics": false }` (all optional, one of the first two needed): NDJSON, with progress while it
 * runs and the report, or what went wrong, as its last line. It ends when the caller hangs up. Terms stand in no answer.
 */
@Controller('privacy')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class AuditController {
  constructor(private readonly audits: LeakAuditService) {}

  @Post('audit/leaks')
  @HttpCode(200)
  async leaks(
    @Body() body: unknown,
    @Res({ passthrough: true }) response: ServerResponse,
  ): Promise<StreamableFile> {
    const hungUp = new AbortController();
    response.once('close', () => hungUp.abort(new Error('The caller hung up.')));
    const output = new PassThrough();
    const write = (line: AuditLine): void => void output.write(`${JSON.stringify(line)}\n`);
    let begun = (): void => undefined;
    const beginning = new Promise<void>((resolve) => (begun = resolve));
    const audit = this.audits.audit({
      ...askedOf(body),
      signal: hungUp.signal,
      onProgress: (progress) => {
        begun();
        if (output.writableLength < MOST_WAITING) write({ progress });
      },
    });
    // What was asked wrongly is a problem; what goes wrong later is a line.
    await Promise.race([beginning, audit]);
    void audit
      .then(
        (report) => write({ report }),
        (error: unknown) => write({ problem: problemOf(error) }),
      )
      .finally(() => output.end());
    return new StreamableFile(output, { type: 'application/x-ndjson' });
  }
}

function askedOf(body: unknown): LeakAuditRequest {
  const fields = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { topics = true } = fields;
  if (typeof topics !== 'boolean')
    throw new ProblemError(400, 'BODY_INVALID', 'topics is true or false.', 'topics');
  const patterns = textsOf(fields, 'patterns');
  return {
    terms: textsOf(fields, 'terms'),
    patterns: patterns.map((text, index) => auditPattern(text, `expression ${index + 1}`)),
    topics,
  };
}

function textsOf(fields: Readonly<Record<string, unknown>>, name: string): string[] {
  const texts = fields[name] ?? [];
  if (!Array.isArray(texts) || !texts.every((text) => typeof text === 'string'))
    throw new ProblemError(400, 'BODY_INVALID', `${name} is a list of texts.`, name);
  return texts;
}
