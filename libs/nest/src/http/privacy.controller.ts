import { Body, Controller, Get, HttpCode, Param, Post, Query, UseFilters, UseGuards } from '@nestjs/common';
import type { Erasure, LedgerCheck } from '@oubliette/privacy';
import { ForgetUserService } from '../forgetting/forget-user.service.js';
import { AccessGuard } from './access.guard.js';
import { ProblemError } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** The longest user id in UTF-8 bytes, as in the keyring. */
const USER_ID_BYTES = 512;
/** Erasures in one answer, unless asked for another number; and the most that may be asked for. */
const PAGE = 100;
const LARGEST_PAGE = 1_000;
/** Users that one request may forget. */
const MOST_USERS = 10_000;

/** Answer to a request to forget. Times as ISO 8601. */
export interface ErasureAccepted {
  readonly erasureId: string;
  readonly state: Erasure['state'];
  readonly deadline: string;
}

/** How far an erasure has got: pseudonymous, and without the pseudonym. */
export interface ErasureReport extends ErasureAccepted {
  /** Longest time in ms from *forgotten* to *erased* that the key topic's settings allow; null: unbounded. */
  readonly bound: number | null;
  readonly requestedAt: string;
  readonly forgottenAt: string | null;
  readonly erasedAt: string | null;
  readonly note: string | null;
  /** Consumers that confirmed; none are asked yet. */
  readonly acknowledgements: readonly string[];
}

/** What stands about a user, without the id and the pseudonym. */
export interface UserReport {
  readonly state: 'active' | 'forgotten';
  /** The last request to forget; null: there was none. */
  readonly erasure: ErasureReport | null;
}

/** Answer to a request to forget many: in the order asked, null for an id that never had a key. */
export interface ErasuresAccepted {
  readonly erasures: readonly (ErasureAccepted | null)[];
}

/**
 * `GET <prefix>/users/:id`, `POST <prefix>/users/:id/forget`, `GET <prefix>/erasures/:erasureId` and `GET <prefix>/erasures?limit=100&before=ID` (an
 * array, newest first; `before` is the last id of the page before), `POST <prefix>/users/forget` with `{ "ids": […] }` for up to 10,000
 * users at once, `POST <prefix>/erasures/check` after restoring the key topic; always behind the configured guard.
 */
@Controller('privacy')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class PrivacyController {
  constructor(private readonly forgetting: ForgetUserService) {}

  @Get('users/:id')
  async user(@Param('id') id: string): Promise<UserReport> {
    const { state, erasure } = await this.forgetting.statusOf(checkedUserId(id));
    return { state, erasure: erasure === null ? null : report(erasure) };
  }

  @Post('users/:id/forget')
  @HttpCode(202)
  async forget(@Param('id') id: string): Promise<ErasureAccepted> {
    return accepted(await this.forgetting.forgetUser(checkedUserId(id)));
  }

  @Post('users/forget')
  @HttpCode(202)
  async forgetMany(@Body() body: unknown): Promise<ErasuresAccepted> {
    const erasures = await this.forgetting.forgetUsers(checkedUserIds(body));
    return { erasures: erasures.map((erasure) => (erasure === null ? null : accepted(erasure))) };
  }

  @Post('erasures/check')
  @HttpCode(200)
  check(): Promise<LedgerCheck> {
    return this.forgetting.checkLedger();
  }

  @Get('erasures')
  async erasures(
    @Query('limit') limit?: unknown,
    @Query('before') before?: unknown,
  ): Promise<ErasureReport[]> {
    const size = checkedLimit(limit);
    const last = before === undefined ? undefined : await this.#last(before);
    return (await this.forgetting.listErasures(size, last)).map(report);
  }

  @Get('erasures/:erasureId')
  async erasure(@Param('erasureId') erasureId: string): Promise<ErasureReport> {
    const erasure = await this.forgetting.findErasure(erasureId);
    if (erasure === null) throw new ProblemError(404, 'ERASURE_UNKNOWN', 'There is no erasure with this id.');
    return report(erasure);
  }

  async #last(before: unknown): Promise<Erasure> {
    const erasure = typeof before === 'string' ? await this.forgetting.findErasure(before) : null;
    if (erasure === null)
      throw new ProblemError(400, 'ERASURE_UNKNOWN', 'There is no erasure with the id in before.', 'before');
    return erasure;
  }
}

function checkedLimit(limit: unknown): number {
  if (limit === undefined) return PAGE;
  const size = typeof limit === 'string' && /^\d{1,4}$/.test(limit) ? Number(limit) : 0;
  if (size >= 1 && size <= LARGEST_PAGE) return size;
  throw new ProblemError(400, 'LIMIT_INVALID', `limit is a whole number from 1 to ${LARGEST_PAGE}.`, 'limit');
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

function accepted(erasure: Erasure): ErasureAccepted {
  return { erasureId: erasure.erasureId, state: erasure.state, deadline: iso(erasure.deadline) };
}

function report(erasure: Erasure): ErasureReport {
  return {
    ...accepted(erasure),
    bound: erasure.boundMs,
    requestedAt: iso(erasure.requestedAt),
    forgottenAt: erasure.forgottenAt === null ? null : iso(erasure.forgottenAt),
    erasedAt: erasure.erasedAt === null ? null : iso(erasure.erasedAt),
    note: erasure.note,
    acknowledgements: [],
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
