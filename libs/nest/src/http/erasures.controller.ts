import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  StreamableFile,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { certificatePage, type Erasure, type LedgerCheck } from '@oubliette/privacy';
import { DurationError, parseDuration } from '@oubliette/runtime';
import { CertificateService } from '../forgetting/certificate.service.js';
import { ForgetUserService } from '../forgetting/forget-user.service.js';
import { AccessGuard } from './access.guard.js';
import { report, type ErasureReport } from './erasure-report.js';
import { checkedReason } from './privacy.controller.js';
import { ProblemError } from './problem.js';
import { ProblemFilter } from './problem.filter.js';

/** Erasures or certificates in one answer, unless asked for another number; and the most that may be asked for. */
const PAGE = 100;
const LARGEST_PAGE = 1_000;

/**
 * `GET <prefix>/erasures/:erasureId` and `GET <prefix>/erasures?limit=100&before=ID` (an array, newest first; `before` is the last id of the
 * page before), `GET <prefix>/erasures/due?within=7d&limit=100` (an array of those that are not *erased*, most urgent first), `POST
 * <prefix>/erasures/:erasureId/extension` with `{ "reason": "…" }`, `GET <prefix>/erasures/:erasureId/certificate` (the file, or with
 * `Accept: text/html` a page), `GET <prefix>/certificates?after=0&limit=100` (the chain, a certificate a line), `POST
 * <prefix>/erasures/check` after restoring the key topic; always behind the configured guard.
 */
@Controller('privacy')
@UseGuards(AccessGuard)
@UseFilters(ProblemFilter)
export class ErasuresController {
  constructor(
    private readonly forgetting: ForgetUserService,
    private readonly certificates: CertificateService,
  ) {}

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
    return this.#reports(await this.forgetting.listErasures(size, last));
  }

  @Get('erasures/due')
  async due(@Query('limit') limit?: unknown, @Query('within') within?: unknown): Promise<ErasureReport[]> {
    return this.#reports(await this.forgetting.dueErasures(checkedLimit(limit), checkedWithin(within)));
  }

  @Get('erasures/:erasureId')
  async erasure(@Param('erasureId') erasureId: string): Promise<ErasureReport> {
    const erasure = await this.#standing(erasureId);
    return report(erasure, await this.forgetting.standingOf(erasure));
  }

  @Post('erasures/:erasureId/extension')
  @HttpCode(200)
  async extend(@Param('erasureId') erasureId: string, @Body() body: unknown): Promise<ErasureReport> {
    const reason = checkedReason(body);
    await this.#standing(erasureId);
    const erasure = await this.forgetting.extend(erasureId, reason);
    return report(erasure, await this.forgetting.standingOf(erasure));
  }

  @Get('erasures/:erasureId/certificate')
  async certificate(
    @Param('erasureId') erasureId: string,
    @Headers('accept') accept?: string,
  ): Promise<StreamableFile> {
    await this.#standing(erasureId);
    const { file } = await this.certificates.certificateOf(erasureId);
    // Byte for byte: whoever checks it hashes what comes here.
    return accept?.includes('text/html') === true
      ? new StreamableFile(Buffer.from(certificatePage(file)), { type: 'text/html; charset=utf-8' })
      : new StreamableFile(Buffer.from(file), { type: 'application/json' });
  }

  @Get('certificates')
  async chain(@Query('after') after?: unknown, @Query('limit') limit?: unknown): Promise<StreamableFile> {
    const chain = await this.certificates.chain(checkedNumber(after), checkedLimit(limit));
    const lines = chain.map(({ file }) => `${file}\n`).join('');
    return new StreamableFile(Buffer.from(lines), { type: 'application/x-ndjson' });
  }

  async #reports(erasures: readonly Erasure[]): Promise<ErasureReport[]> {
    const standings = await this.forgetting.standingsOf(erasures);
    return erasures.flatMap((erasure, index) => {
      const standing = standings[index];
      return standing === undefined ? [] : [report(erasure, standing)];
    });
  }

  async #standing(erasureId: string): Promise<Erasure> {
    const erasure = await this.forgetting.findErasure(erasureId);
    if (erasure !== null) return erasure;
    throw new ProblemError(404, 'ERASURE_UNKNOWN', 'There is no erasure with this id.');
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

function checkedWithin(within: unknown): number | undefined {
  if (within === undefined) return undefined;
  try {
    if (typeof within === 'string') return parseDuration(within);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
  }
  throw new ProblemError(400, 'WITHIN_INVALID', 'within is a duration such as 12h or 7d.', 'within');
}

function checkedNumber(after: unknown): number {
  if (after === undefined) return 0;
  const number = typeof after === 'string' && /^\d{1,15}$/.test(after) ? Number(after) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new ProblemError(400, 'AFTER_INVALID', "after is a certificate's number.", 'after');
}
