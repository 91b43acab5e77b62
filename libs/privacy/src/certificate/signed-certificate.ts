import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { PrivacyError, type PrivacyErrorCode } from '../errors.js';
import { keyName, SIGNATURE_BYTES, type CertificateSigner, type TrustedKey } from './signing-key.js';

/** What every certificate says of itself, whatever else it states. */
export interface ChainedBody {
  readonly version: 1;
  /** From 1, one more than the one before. */
  readonly number: number;
  /** SHA-256 of the file of the certificate before, lower-case hex; null in the first. */
  readonly previous: string | null;
}

/** A certificate as it was read; nobody vouches for it yet. */
export interface ReadCertificate {
  readonly body: ChainedBody & Readonly<Record<string, unknown>>;
  /** Which key is said to have signed it: `keyName`. */
  readonly key: string;
  readonly signature: Uint8Array;
  /** SHA-256 of the file, which the next one names as `previous`. */
  readonly digest: string;
}

/** What a chain needs of a certificate. */
export type ChainLink = Pick<ChainedBody, 'number' | 'previous'> & Pick<ReadCertificate, 'digest'>;

/** A signature for something else is none for a certificate. */
const domain = 'oubliette/certificate/v1\n';
/** An erasure names partitions and segments, not records. */
const mostBytes = 16 * 1024 * 1024;
/** An escape of one, behind any number of backslashes that are text. */
const loneSurrogate = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
const members = ['body', 'key', 'signature'];

/** The file of a certificate: one line of canonical JSON (RFC 8785), UTF-8, without a line end. */
export async function signCertificate<B extends ChainedBody>(
  body: B,
  signer: CertificateSigner,
): Promise<Uint8Array> {
  const signature = await signer.sign(messageOf(body));
  const file = { body, key: keyName(signer.publicKey), signature: Buffer.from(signature).toString('hex') };
  return Buffer.from(canonical(file), 'utf8');
}

/** Throws PrivacyError CERTIFICATE_MALFORMED: no other bytes than those that `signCertificate` writes are a certificate. */
export function readCertificate(file: Uint8Array): ReadCertificate {
  const { body, key, signature, ...others } = parsed(file);
  if (
    !isObject(body) ||
    !isHex(key, 32) ||
    !isHex(signature, SIGNATURE_BYTES) ||
    Object.keys(others).length > 0
  ) {
    throw malformed(`it needs ${members.join(', ')} and nothing else, bytes in lower-case hex`);
  }
  const { version, number, previous } = body;
  if (version !== 1) throw malformed('its version is not 1: a newer program may have written it');
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1) {
    throw malformed('its number is no whole number from 1');
  }
  if (previous !== null && !isHex(previous, 32)) throw malformed('its `previous` is no SHA-256');
  if ((number === 1) !== (previous === null))
    throw malformed('the first one, and no other, has no `previous`');
  return {
    body: { ...body, version, number, previous },
    key,
    signature: Buffer.from(signature, 'hex'),
    digest: createHash('sha256').update(file).digest('hex'),
  };
}

/** Throws PrivacyError CERTIFICATE_KEY_UNTRUSTED or CERTIFICATE_FORGED where no trusted key signed it. */
export function checkSignature(certificate: ReadCertificate, trusted: readonly TrustedKey[]): void {
  const key = trusted.find(({ name }) => name === certificate.key);
  if (key === undefined) {
    throw refused(
      'CERTIFICATE_KEY_UNTRUSTED',
      `The certificate ${certificate.body.number} says that it was signed by the key ${certificate.key}, which is not among the ${trusted.length} that are trusted.`,
    );
  }
  if (key.verifies(messageOf(certificate.body), certificate.signature)) return;
  throw refused(
    'CERTIFICATE_FORGED',
    `The signature of the certificate ${certificate.body.number} does not fit: it was changed, or signed by another key.`,
  );
}

/** Of all certificates of a chain, first to last. Throws PrivacyError CERTIFICATE_CHAIN_BROKEN. */
export function checkLinks(chain: readonly ChainLink[]): void {
  for (const [index, { number, previous }] of chain.entries()) {
    const before = chain[index - 1];
    if (number === index + 1 && previous === (before?.digest ?? null)) continue;
    throw refused(
      'CERTIFICATE_CHAIN_BROKEN',
      number === index + 1
        ? `The certificate ${number} was not made behind the certificate ${index} that is here.`
        : `The certificate ${index + 1} is missing: ${number} stands in its place.`,
    );
  }
}

function messageOf(body: unknown): Uint8Array {
  return Buffer.from(domain + canonical(body), 'utf8');
}

function parsed(file: Uint8Array): Readonly<Record<string, unknown>> {
  if (file.length > mostBytes) throw malformed(`it has more than ${mostBytes} bytes`);
  const text = Buffer.from(file.buffer, file.byteOffset, file.length).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('it is no JSON');
  }
  // A name twice, a blank, another spelling of a number or a text: none of them is canonical.
  if (!isObject(value) || !Buffer.from(canonical(value), 'utf8').equals(file)) {
    throw malformed(
      'it is not canonical JSON (RFC 8785), byte by byte, with nothing before or behind it, not even a line end',
    );
  }
  return value;
}

/** Throws PrivacyError CERTIFICATE_MALFORMED for what JSON has not. */
function canonical(value: unknown): string {
  try {
    const text = canonicalize(value);
    // RFC 8785, section 3.2.2.2: half a surrogate pair, which is what is left escaped, is an error.
    if (text !== undefined && !loneSurrogate.test(text)) return text;
  } catch {
    // Below.
  }
  throw malformed('something in it cannot be written as canonical JSON (RFC 8785)');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHex(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value);
}

function malformed(why: string): PrivacyError {
  return refused('CERTIFICATE_MALFORMED', `This is no certificate: ${why}.`);
}

function refused(code: PrivacyErrorCode, message: string): PrivacyError {
  return new PrivacyError(code, message);
}
