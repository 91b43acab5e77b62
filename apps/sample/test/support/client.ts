import assert from 'node:assert/strict';
import { SystemClock, sleep } from '@oubliette/runtime';

const clock = new SystemClock();

export interface Answer {
  readonly status: number;
  // Answers are looked into by the tests that know them.
  readonly body: Record<string, unknown> & readonly Record<string, unknown>[];
}

/** Talks to a sample as any HTTP client would. */
export class Client {
  constructor(
    readonly address: string,
    readonly token: string,
  ) {}

  get(path: string): Promise<Answer> {
    return this.#ask('GET', path);
  }

  post(path: string, body?: object): Promise<Answer> {
    return this.#ask('POST', path, body === undefined ? undefined : JSON.stringify(body));
  }

  put(path: string, body: object): Promise<Answer> {
    return this.#ask('PUT', path, JSON.stringify(body));
  }

  delete(path: string, body: object): Promise<Answer> {
    return this.#ask('DELETE', path, JSON.stringify(body));
  }

  importLines(lines: readonly (object | string)[]): Promise<Answer> {
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    return this.#ask('POST', '/import', text, 'application/x-ndjson');
  }

  async #ask(method: string, path: string, body?: string, contentType = 'application/json'): Promise<Answer> {
    const response = await fetch(`${this.address}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': contentType },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text === '' ? '{}' : text) as Answer['body'] };
  }
}

/** Asks again until the check holds; fails with its last failure after `withinMs`. */
export async function eventually(check: () => Promise<void>, withinMs = 60_000): Promise<void> {
  const giveUpAt = clock.monotonic() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || clock.monotonic() > giveUpAt) throw error;
      await sleep(clock, 50);
    }
  }
}
