import { Body, Controller, Delete, HttpCode, Param, Put, UseFilters, UseGuards } from '@nestjs/common';
import { PrivacyService } from '../forgetting/privacy.service.js';
import { AccessGuard } from './access.guard.js';
import { checkedReason, checkedUserId } from './privacy.controller.js';
import { ProblemFilter } from './problem.filter.js';

/** Answer to a request to restrict. Times as ISO 8601. */
export interface RestrictionReport {
  readonly restricted: true;
  readonly since: string;
}

/**
 * Restriction of processing (Art. 18 GDPR): `PUT` and `DELETE <prefix>/users/:id/restriction` with `{ "reason": "…" }`; both
 * again: the same answer. A reason has at most 200 characters, names nobody, and stands in the privacy log.
 */
@Controller('privacy')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class RestrictionController {
  constructor(private readonly privacy: PrivacyService) {}

  @Put('users/:id/restriction')
  async restrict(@Param('id') id: string, @Body() body: unknown): Promise<RestrictionReport> {
    const { since } = await this.privacy.restrict(checkedUserId(id), checkedReason(body));
    return { restricted: true, since: new Date(since).toISOString() };
  }

  @Delete('users/:id/restriction')
  @HttpCode(204)
  async lift(@Param('id') id: string, @Body() body: unknown): Promise<void> {
    await this.privacy.liftRestriction(checkedUserId(id), checkedReason(body));
  }
}
