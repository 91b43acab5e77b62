import { HttpException } from '@nestjs/common';
import { codeOf } from '../errors.js';

/** Problem details (RFC 9457). `code` is ours and stable; `field` names the part of a request that was wrong. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly field?: string;
}

/** Throw it for an answer with a code and, for a bad body, the field's name. `detail` must not repeat a personal value. */
export class ProblemError extends HttpException {
  constructor(
    status: number,
    readonly code: string,
    readonly detail: string,
    readonly field?: string,
  ) {
    super(detail, status);
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  451: 'Unavailable for legal reasons',
  500: 'Internal error',
  503: 'Service unavailable',
};

/** Our libs' codes that a caller can cause or wait out. */
const STATUSES: Readonly<Record<string, number>> = {
  USER_ID_INVALID: 400,
  EVENT_INVALID: 400,
  AUDIT_QUESTION_INVALID: 400,
  AUDIT_PATTERN_UNSUPPORTED: 400,
  AUDIT_UNDER_WAY: 409,
  AUDIT_STOPPED: 503,
  USER_UNKNOWN: 404,
  USER_FORGOTTEN: 410,
  USER_RESTRICTED: 451,
  REASON_INVALID: 400,
  CERTIFICATES_OFF: 404,
  DEADLINE_NOT_EXTENDABLE: 409,
  CERTIFICATE_CONTENDED: 503,
  PURPOSE_INVALID: 400,
  PURPOSE_WITHDRAWN: 409,
  PURPOSE_NOT_WITHDRAWN: 409,
  CONCURRENCY_CONFLICT: 409,
  LOG_DIR_INVALID: 400,
  VERIFICATION_BUSY: 503,
  VERIFICATION_CLOSED: 503,
  FORGETTING_NOT_BEGUN: 503,
  KEYRING_UNAVAILABLE: 503,
  SIGNING_KEY_UNAVAILABLE: 503,
  MASTER_KEY_UNAVAILABLE: 503,
  KAFKA_UNAVAILABLE: 503,
  KEY_TOPIC_UNAVAILABLE: 503,
  EVENTS_UNAVAILABLE: 503,
  SEALED_COLUMN_UNAVAILABLE: 503,
  LOOKUP_INCOMPLETE: 503,
  LOOKUP_UNAVAILABLE: 503,
  PRODUCER_QUEUE_FULL: 503,
  PUBLISH_QUEUE_FULL: 503,
  SCHEMA_REGISTRY_UNAVAILABLE: 503,
};

export function problem(status: number, code: string, detail?: string, field?: string): Problem {
  return {
    type: 'about:blank',
    title: TITLES[status] ?? 'Error',
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(field === undefined ? {} : { field }),
  };
}

/**
 * The problem an error is answered with. Messages of foreign errors are not repeated: a parser quotes the body, a router
 * the path, and both may hold a user id.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return problem(error.getStatus(), error.code, error.detail, error.field);
  if (error instanceof HttpException) return ofHttpException(error);
  const code = codeOf(error);
  const status = code === null ? undefined : STATUSES[code];
  if (code !== null && status !== undefined)
    return problem(status, code, detailOf(error), fieldOf(code, error));
  const foreign = statusOf(error);
  if (foreign !== null) return problem(foreign, codeFor(foreign));
  return problem(500, 'INTERNAL_ERROR', 'Something went wrong here; the log has more.');
}

const NO_ROUTE = 'Nothing answers to this method and path. An id in a path must not be empty.';
const BAD_PATH = 'The path is not well-formed: write special characters of an id as %XX of their UTF-8.';

/** What body parsers call their failures (body-parser's README, "Errors"); their messages quote the body. */
const BODY_PROBLEMS: Readonly<Record<string, string>> = {
  'charset.unsupported': 'The body is in a character set that is not read here: send UTF-8.',
  'encoding.unsupported': 'The body is in a content encoding that is not read here: send it as it is.',
  'entity.parse.failed': 'The body is not JSON.',
  'entity.too.large': 'The body is larger than what is read here.',
};

function ofHttpException(error: HttpException): Problem {
  const status = error.getStatus();
  const body = BODY_PROBLEMS[parserFailureOf(error.cause)];
  if (body !== undefined)
    return problem(status, status === 400 ? 'BODY_INVALID' : codeFor(status), body, 'body');
  // What Nest makes of a router's failures; their own messages quote the path.
  if (status === 404 && /^Cannot [A-Z]+ /.test(error.message)) return problem(404, codeFor(404), NO_ROUTE);
  if (status === 400 && error.message.startsWith('Failed to decode param'))
    return problem(400, 'PATH_INVALID', BAD_PATH, 'id');
  const fields = fieldsOf(error.getResponse());
  if (status === 400 && fields !== null) return problem(status, codeFor(status), fields.detail, fields.field);
  return problem(status, codeFor(status));
}

function parserFailureOf(cause: unknown): string {
  return cause instanceof Error && 'type' in cause ? String(cause.type) : '';
}

/** Nest's ValidationPipe answers with messages that begin with the property's name. */
function fieldsOf(response: string | object): { detail: string; field: string } | null {
  if (typeof response === 'string' || !('message' in response) || !Array.isArray(response.message))
    return null;
  const first: unknown = response.message[0];
  const field = typeof first === 'string' ? /^[\w.]{1,100}/.exec(first)?.[0] : undefined;
  return field === undefined ? null : { detail: `${field} is not valid.`, field };
}

function detailOf(error: unknown): string {
  return (error as Error).message;
}

function fieldOf(code: string, error: unknown): string | undefined {
  if (code === 'USER_ID_INVALID') return 'id';
  if (code === 'REASON_INVALID') return 'reason';
  if (code === 'LOG_DIR_INVALID') return 'logDirs';
  if (typeof error === 'object' && error !== null && 'path' in error && typeof error.path === 'string') {
    return error.path === '' ? undefined : error.path;
  }
  return undefined;
}

/** Errors of body parsers and routers carry a status of their own. */
function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('status' in error)) return null;
  const { status } = error;
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 500
    ? status
    : null;
}

function codeFor(status: number): string {
  return (TITLES[status] ?? 'Error').toUpperCase().replaceAll(' ', '_');
}
