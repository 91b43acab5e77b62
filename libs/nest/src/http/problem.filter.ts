import { Catch, HttpException, Injectable, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { throwError } from 'rxjs';
import { withoutMessage } from '../errors.js';
import { problemOf } from './problem.js';

/** Answers errors as `application/problem+json`. Our controllers use it; `app.useGlobalFilters(app.get(ProblemFilter))` gives it to all. */
@Injectable()
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name);

  constructor(private readonly host: HttpAdapterHost) {}

  catch(exception: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return throwError(() => exception);
    const response: unknown = host.switchToHttp().getResponse();
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) return httpAdapter.end(response);
    const health = healthReport(exception);
    if (health !== null) return httpAdapter.reply(response, health.body, health.status);
    const problem = problemOf(exception);
    if (problem.status >= 500) this.#logger.error(`${problem.code}: ${withoutMessage(exception)}`);
    if (problem.status === 401) httpAdapter.setHeader(response, 'WWW-Authenticate', 'Bearer');
    if (problem.status === 503) httpAdapter.setHeader(response, 'Retry-After', '1');
    // It may be cached unless it says otherwise (RFC 7725, section 3), and a restriction may be lifted.
    if (problem.status === 451) httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.setHeader(response, 'Content-Type', 'application/problem+json; charset=utf-8');
    return httpAdapter.reply(response, problem, problem.status);
  }
}

/** Terminus throws its report as an exception; it is an answer, not a problem. */
function healthReport(exception: unknown): { body: object; status: number } | null {
  if (!(exception instanceof HttpException)) return null;
  const body = exception.getResponse();
  if (typeof body !== 'object' || !('status' in body) || !('details' in body)) return null;
  return { body, status: exception.getStatus() };
}
