import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Param,
  Post,
  Put,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ForgetUserService } from '../forgetting/forget-user.service.js';
import { AccessGuard } from './access.guard.js';
import {
  accepted,
  holdReport,
  report,
  type ErasureAccepted,
  type ErasureReport,
  type HoldReport,
} from './erasure-report.js';
import { ProblemError } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** The longest user id in UTF-8 bytes, as in the keyring. */
const USER_ID_BYTES = 512;
/** Users that one request may forget. */
const MOST_USERS = 10_000;

/** What stands about a user, without the id and the pseudonym. */
export interface UserReport {
  readonly state: 'active' | 'forgotten';
  /** False: the brokers are away, and this is what the ledger says. */
  readonly confirmed: boolean;
  readonly restricted: boolean;
  /** null: the user's data may be processed. */
  readonly restrictedSince: string | null;
  /** As the privacy log has it; null: not restricted, or the log does not say so. */
  readonly restrictionReason: string | null;
  /** The last request to forget; null: there was none. */
  readonly erasure: ErasureReport | null;
  /** The legal hold that stands; null: none. */
  readonly hold: HoldReport | null;
}

/** Answer to a request to forget many: in the order asked, null for an id that never had a key. */
export interface ErasuresAccepted {
  readonly erasures: readonly (ErasureAccepted | null)[];
}

/**
 * `GET <prefix>/users/:id`, `POST <prefix>/users/:id/forget`, `POST <prefix>/users/forget` with `{ "ids": […] }` for up to 10,000 users at
 * once, `PUT` and `DELETE <prefix>/users/:id/hold` with `{ "reason": "…" }`; always behind the configured guard.
 */
@Controller('privacy')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class PrivacyController {
  constructor(private readonly forgetting: ForgetUserService) {}

  @Get('users/:id')
  async user(@Param('id') id: string): Promise<UserReport> {
    const {
      state,
      isConfirmed: confirmed,
      restrictedSince: since,
      restrictionReason,
      erasure,
      hold,
    } = await this.forgetting.statusOf(checkedUserId(id));
    return {
      state,
      confirmed,
      restricted: since !== null,
      restrictedSince: since === null ? null : new Date(since).toISOString(),
      restrictionReason,
      erasure: erasure === null ? null : report(erasure, await this.forgetting.standingOf(erasure)),
      hold: hold === null ? null : holdReport(hold),
    };
  }

  @Post('users/:id/forget')
  @HttpCode(202)
  async forget(@Param('id') id: string): Promise<ErasureAccepted> {
    return accepted(await this.forgetting.forgetUser(checkedUserId(id)));
  }

  @Put('users/:id/hold')
  async hold(@Param('id') id: string, @Body() body: unknown): Promise<HoldReport> {
    return holdReport(await this.forgetting.hold(checkedUserId(id), checkedReason(body)));
  }

  @Delete('users/:id/hold')
  @HttpCode(204)
  async liftHold(@Param('id') id: string, @Body() body: unknown): Promise<void> {
    await this.forgetting.liftHold(checkedUserId(id), checkedReason(body));
  }

  @Post('users/forget')
  @HttpCode(202)
  async forgetMany(@Body() body: unknown): Promise<ErasuresAccepted> {
    const erasures = await this.forgetting.forgetUsers(checkedUserIds(body));
    return { erasures: erasures.map((erasure) => (erasure === null ? null : accepted(erasure))) };
  }
}

function checkedUserIds(body: unknown): readonly string[] {
  const ids: unknown = typeof body === 'object' && body !== null && 'ids' in body ? body.ids : undefined;
  const isList = Array.isArray(ids) && ids.length > 0 && ids.length <= MOST_USERS;
  if (!isList || !ids.every((id) => typeof id === 'string'))
    throw new ProblemError(400, 'BODY_INVALID', `ids is a list of 1 to ${MOST_USERS} user ids.`, 'ids');
  return ids.map(checkedUserId);
}

/** Throws a 400 problem that names the field and not the value. */
export function checkedUserId(id: string): string {
  if (id.trim() === '') throw new ProblemError(400, 'USER_ID_INVALID', 'The user id is empty.', 'id');
  if (Buffer.byteLength(id, 'utf8') > USER_ID_BYTES) {
    throw new ProblemError(400, 'USER_ID_INVALID', `The user id has more than ${USER_ID_BYTES} bytes.`, 'id');
  }
  return id;
}

/** The reason of an act; what may stand in it is checked where it is kept. Throws a 400 problem. */
export function checkedReason(body: unknown): string {
  const reason: unknown = typeof body === 'object' && body !== null && 'reason' in body ? body.reason : null;
  if (typeof reason === 'string') return reason;
  throw new ProblemError(400, 'BODY_INVALID', 'reason is a text of 1 to 200 characters.', 'reason');
}
