import { sleep } from '@oubliette/runtime';
import type { CliContext } from '../context.js';
import { CliError } from '../errors.js';
import { readAdminToken, readRunningSample, whyNoSample } from './running-sample.js';

export interface SampleRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly accept?: string;
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

  /** The answer byte for byte. Rejects as `ask` does without patience. */
  async bytes(request: SampleRequest): Promise<Uint8Array> {
    const { response, address } = await this.#send(request);
    if (!response.ok) throw refused(response.status, await this.#textOf(response, address));
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throw this.#unreachable(address, error);
    }
  }

  /** The documents of an NDJSON answer as they come. Rejects as `ask` does, and with SAMPLE_UNREACHABLE where the answer breaks off. */
  async *lines(request: SampleRequest): AsyncGenerator<unknown, void, undefined> {
    const { response, address } = await this.#send(request);
    if (!response.ok) throw refused(response.status, await response.text());
    let rest = '';
    try {
      for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + piece).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) yield parseAnswer(address, line);
      }
      if (rest !== '') yield parseAnswer(address, rest);
    } catch (error) {
      if (this.context.signal.aborted || error instanceof CliError) throw error;
      throw new CliError('SAMPLE_UNREACHABLE', `The answer of ${address} broke off. Is the sample running?`, {
        cause: error,
      });
    }
  }

  /** What may pass by itself comes back as an error; everything else is thrown. */
  async #try(request: SampleRequest): Promise<{ json: unknown } | CliError> {
    try {
      const { response, address } = await this.#send(request);
      const body = await this.#textOf(response, address);
      if (response.ok) return { json: body === '' ? null : parseAnswer(address, body) };
      const refusal = refused(response.status, body);
      if (response.status === 503) return refusal;
      throw refusal;
    } catch (error) {
      if (error instanceof CliError && error.code === 'SAMPLE_UNREACHABLE') return error;
      throw error;
    }
  }

  async #send(request: SampleRequest): Promise<{ response: Response; address: string }> {
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
    if (request.accept !== undefined) headers['accept'] = request.accept;
    const address = sample.httpAddress;
    try {
      const response = await fetch(`${address}${request.path}`, {
        method: request.method,
        headers,
        signal,
        ...(request.body !== undefined && { body: request.body }),
      });
      return { response, address };
    } catch (error) {
      throw this.#unreachable(address, error);
    }
  }

  async #textOf(response: Response, address: string): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      throw this.#unreachable(address, error);
    }
  }

  #unreachable(address: string, cause: unknown): unknown {
    if (this.context.signal.aborted) return cause;
    return new CliError(
      'SAMPLE_UNREACHABLE',
      `Nothing answers at ${address}. Is the sample running? Start it with npm start.`,
      { cause },
    );
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
