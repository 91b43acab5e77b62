import { inspect } from 'node:util';
import type { Disk } from '@oubliette/runtime';
import type { Environment } from '../environment-master-keys.js';
import type { ServiceErrors } from '../service-errors.js';
import { readAtMost } from './read-at-most.js';
import { checkTransitSettings, type TransitSettings } from './transit-settings.js';

/** What the service answers is small; more than this is not its answer. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Statuses that a later try may overcome: sealed, standby, rate limit, not caught up (HTTP status codes of /sys/health). */
const LATER = new Set([307, 412, 429, 472, 473]);

/** OpenBao 2.7.2 answers 500, not 400, where a version of a key may not sign. */
const VERSION_MAY_NOT_SIGN = /requested version for signing is/;

/** The service understood and says what is wrong with the request. */
export class TransitComplaint extends Error {
  constructor(
    readonly path: string,
    readonly complaint: string,
  ) {
    super(`The Transit service answered ${complaint} to ${path}`);
    this.name = 'TransitComplaint';
  }
}

/** The HTTP interface of a Transit engine (OpenBao, "Transit secrets engine (API)"). The token stays in here. */
export class TransitService {
  /** For messages: which key of which service. */
  readonly place: string;
  readonly #settings: TransitSettings;
  readonly #disk: Disk;
  readonly #environment: Environment;
  readonly #base: string;
  readonly #errors: ServiceErrors;

  constructor(settings: TransitSettings, disk: Disk, environment: Environment, errors: ServiceErrors) {
    checkTransitSettings(settings, errors);
    const { address, mount = 'transit', key } = settings;
    this.#settings = settings;
    this.#errors = errors;
    this.#disk = disk;
    this.#environment = environment;
    this.#base = `${new URL(address).origin}/v1/${mount}`;
    this.place = `the Transit key ${mount}/${key} at ${new URL(address).origin}`;
  }

  /**
   * GET without a body, POST with one; `path` starts behind the mount and has `{key}` for the key's name. Resolves to
   * `data` of the answer. Rejects with `TransitComplaint`, or as unavailable or refused.
   */
  async call(path: string, body?: object, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const token = this.#token();
    const ownPath = path.replace('{key}', this.#settings.key);
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${this.#base}/${ownPath}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: this.#headers(token),
        // A redirect would carry the token to whoever it names.
        redirect: 'manual',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal === undefined ? {} : { signal }),
      });
      status = response.status;
      text = await readAtMost(response, MAX_ANSWER_BYTES);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw this.#errors.unavailable(this.place, `the connection failed (${codeOf(error)})`);
    }
    return this.#judge(ownPath, status, text, token);
  }

  [inspect.custom](): string {
    return `TransitService { ${this.place} }`;
  }

  #judge(path: string, status: number, text: string, token: string): Record<string, unknown> {
    const answer = parseObject(text);
    if (status === 204) return {};
    if (status === 200) {
      const data = answer && asObject(answer['data']);
      if (data) return data;
      throw this.#errors.unavailable(this.place, 'the answer was not from a Transit service');
    }
    const said = complaintOf(answer, token);
    if (status === 400 || VERSION_MAY_NOT_SIGN.test(said))
      throw new TransitComplaint(path, `HTTP ${status}${said}`);
    if (status >= 500 || LATER.has(status))
      throw this.#errors.unavailable(this.place, `HTTP ${status}${said}`);
    throw this.#errors.refused(
      this.place,
      `HTTP ${status}${said} for ${path}. ${adviceFor(status, this.#errors.page)}`,
    );
  }

  #headers(token: string): Record<string, string> {
    const { namespace } = this.#settings;
    return {
      'content-type': 'application/json',
      'x-vault-request': 'true',
      'x-vault-token': token,
      ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
    };
  }

  /** Nothing of the token reaches a message. */
  #token(): string {
    const { token } = this.#settings;
    const where = 'file' in token ? `the file ${token.file}` : `the environment variable ${token.variable}`;
    const text = 'file' in token ? this.#readToken(token.file) : (this.#environment[token.variable] ?? '');
    if (/^[\x21-\x7e]{1,4096}$/.test(text.trim())) return text.trim();
    throw this.#errors.refused(this.place, `there is no token in ${where}. Put one there`);
  }

  #readToken(file: string): string {
    if (!this.#disk.existsSync(file)) return '';
    return new TextDecoder().decode(this.#disk.readFileSync(file));
  }
}

function adviceFor(status: number, page: string): string {
  if (status === 401 || status === 403) return `Renew the token, or let its policy do what ${page} lists`;
  if (status === 404) return 'Look whether the key and its mount exist, and whether the namespace is right';
  return 'Look whether the address leads to a Transit service';
}

/** What the service said, for a message: short, printable, without the token. */
function complaintOf(answer: Record<string, unknown> | null, token: string): string {
  const errors = answer?.['errors'];
  if (!Array.isArray(errors)) return '';
  const said = errors
    .filter((error) => typeof error === 'string')
    .join('; ')
    .replaceAll(token, '…')
    .replace(/[^\x21-\x7e…]+/g, ' ')
    .trim()
    .slice(0, 200);
  return said === '' ? '' : ` "${said}"`;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    return asObject(JSON.parse(text));
  } catch {
    // An answer in another form is told by its status.
    return null;
  }
}

function asObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : 'no reason given';
}
