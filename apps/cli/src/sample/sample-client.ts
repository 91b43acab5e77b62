import { sleep } from '@oubliette/runtime';
import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';
import { readAdminToken, readRunningSample, whyNoSample } from './running-sample.js';

export interface SampleRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** How long to wait for a sample that went away, in ms; 0: not at all. */
export interface Patience {
  readonly waitMs: number;
}

const longestPauseMs = 2_000;

/**
 * Talks to the running sample with its admin token. Address and token are read from the data directory for each try, so
 * that a sample that was started again on another port is found.
 */
export class SampleClient {
  constructor(
    private readonly context: CliContext,
    private readonly dataDir: string,
  ) {}

  /**
   * The answer's JSON. Rejects with SAMPLE_NOT_RUNNING, SAMPLE_UNREACHABLE, or SAMPLE_REFUSED with what the sample said.
   * A lost connection or a 503 is tried again for as long as `patience` allows: only for what may be sent twice.
   */
  async ask(request: SampleRequest, patience: Patience = { waitMs: 0 }): Promise<unknown> {
    const { clock, signal, err } = this.context;
    const giveUpAt = clock.monotonic() + patience.waitMs;
    for (let pauseMs = 100, tries = 0; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2), tries++) {
      const answer = await this.#try(request);
      if (!(answer instanceof CliError)) {
        if (tries > 0) err('The sample is back.\n');
        return answer.json;
      }
      if (clock.monotonic() + pauseMs > giveUpAt) throw answer;
      if (tries === 0) err(`The sample does not answer; waiting up to ${patience.waitMs / 1000} s for it.\n`);
      await sleep(clock, pauseMs, signal);
    }
  }

  /** What may pass by itself comes back as an error; everything else is thrown. */
  async #try(request: SampleRequest): Promise<{ json: unknown } | CliError> {
    const { disk, env, signal } = this.context;
    const sample = readRunningSample(disk, this.dataDir);
    if (!sample)
      throw new CliError(
        'SAMPLE_NOT_RUNNING',
        `${whyNoSample(disk, this.dataDir)} Run npm start first, or give its --data-dir.`,
      );
    const token = readAdminToken(disk, this.dataDir, env);
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
    let response: Response;
    let body: string;
    try {
      response = await fetch(`${sample.httpAddress}${request.path}`, {
        method: request.method,
        headers,
        signal,
        ...(request.body !== undefined && { body: request.body }),
      });
      body = await response.text();
    } catch (error) {
      if (signal.aborted) throw error;
      return new CliError(
        'SAMPLE_UNREACHABLE',
        `Nothing answers at ${sample.httpAddress}. Is the sample running? Start it with npm start.`,
        { cause: error },
      );
    }
    if (response.ok) return { json: body === '' ? null : parseAnswer(sample.httpAddress, body) };
    const refusal = refused(response.status, body);
    if (response.status === 503) return refusal;
    throw refusal;
  }
}

function parseAnswer(address: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new CliError(
      'SAMPLE_REFUSED',
      `${address} answered with something that is no JSON. Is it the sample?`,
      {
        cause: error,
      },
    );
  }
}

/** A problem's (RFC 9457) own words. */
function refused(status: number, body: string): CliError {
  let said = '';
  try {
    const problem: unknown = JSON.parse(body);
    if (problem !== null && typeof problem === 'object') {
      const { code, title, detail } = problem as Record<string, unknown>;
      said = [code, title, detail].filter((part) => typeof part === 'string').join(': ');
    }
  } catch {
    said = 'it gave no reason';
  }
  const advice =
    status === 401
      ? ' The admin token does not fit: was the sample started with another data directory?'
      : '';
  return new CliError(
    'SAMPLE_REFUSED',
    `The sample answered ${status}: ${(said || 'it gave no reason').replace(/\.$/, '')}.${advice}`,
  );
}
