import { createHash, timingSafeEqual } from 'node:crypto';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { OublietteError } from '../errors.js';
import { ProblemError } from './problem.js';

const SHORTEST_TOKEN = 16;

/** `Authorization: Bearer …` (RFC 6750) against one token, in constant time. */
export class BearerTokenGuard implements CanActivate {
  readonly #digest: Buffer;

  /** Throws `ACCESS_GUARD_MISSING` for a token of fewer than 16 characters. */
  constructor(token: string) {
    if (token.length < SHORTEST_TOKEN) {
      throw new OublietteError(
        'ACCESS_GUARD_MISSING',
        `The access token has fewer than ${SHORTEST_TOKEN} characters: anybody could guess it. Give a random one.`,
      );
    }
    this.#digest = digestOf(token);
  }

  canActivate(context: ExecutionContext): boolean {
    const request: { headers?: { authorization?: unknown } } = context.switchToHttp().getRequest();
    const header = request.headers?.authorization;
    const token = typeof header === 'string' ? /^Bearer +(\S+) *$/i.exec(header)?.[1] : undefined;
    // Digests have one length, whatever was sent.
    if (token !== undefined && timingSafeEqual(digestOf(token), this.#digest)) return true;
    throw new ProblemError(401, 'UNAUTHORIZED', 'Send the token as Authorization: Bearer <token>.');
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
