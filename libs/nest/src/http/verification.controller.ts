import { Body, Controller, HttpCode, Param, Post, UseFilters, UseGuards } from '@nestjs/common';
import type { ErasureCheck, VerificationScope } from '@oubliette/privacy';
import { VerificationService } from '../forgetting/verification.service.js';
import { AccessGuard } from './access.guard.js';
import { ProblemError } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/**
 * `POST <prefix>/erasures/:erasureId/verify` with `{ "logDirs"?: ["/absolute/path"], "everyTopic"?: false }`, behind the configured guard:
 * what stands now of a user's keys, read anew. The application answers it, not the one who asks: the ledger, which alone leads from an
 * erasure to a pseudonym, is its own, and neither pseudonyms nor keys leave it for that. So it reads what it can read: its own log
 * directories, and those named, each of which must be a broker's.
 */
@Controller('privacy')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class VerificationController {
  constructor(private readonly verification: VerificationService) {}

  @Post('erasures/:erasureId/verify')
  @HttpCode(200)
  async verify(@Param('erasureId') erasureId: string, @Body() body: unknown): Promise<ErasureCheck> {
    const check = await this.verification.verify(erasureId, checkedScope(body));
    if (check === null) throw new ProblemError(404, 'ERASURE_UNKNOWN', 'There is no erasure with this id.');
    return check;
  }
}

/** An empty body asks for nothing beside what all verifications look at. */
function checkedScope(body: unknown): VerificationScope {
  const { logDirs, everyTopic }: Record<string, unknown> =
    typeof body === 'object' && body !== null ? { ...body } : {};
  if (logDirs !== undefined && !(Array.isArray(logDirs) && logDirs.every((path) => typeof path === 'string')))
    throw new ProblemError(400, 'BODY_INVALID', 'logDirs is a list of absolute paths.', 'logDirs');
  if (everyTopic !== undefined && typeof everyTopic !== 'boolean')
    throw new ProblemError(400, 'BODY_INVALID', 'everyTopic is true or false.', 'everyTopic');
  return {
    ...(logDirs === undefined ? {} : { logDirs }),
    ...(everyTopic === undefined ? {} : { everyTopic }),
  };
}
