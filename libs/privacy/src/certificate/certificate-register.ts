import canonicalize from 'canonicalize';
import type { Clock } from '@oubliette/runtime';
import { PrivacyError } from '../errors.js';
import type { Erasure, ErasureStore } from '../ports.js';
import type { AcknowledgementStore } from '../processors/acknowledgement.js';
import type { CertificateStore, IssuedCertificate } from './certificate-store.js';
import { readStatement, statementOf, type UndatedStatement } from './erasure-statement.js';
import {
  checkSignature,
  readCertificate,
  signCertificate,
  type ReadCertificate,
} from './signed-certificate.js';
import { TrustedKey, type CertificateSigner } from './signing-key.js';

export interface RegisterParts {
  readonly store: CertificateStore;
  readonly erasures: Pick<ErasureStore, 'get'>;
  /** What processors answered. */
  readonly acknowledgements: Pick<AcknowledgementStore, 'of'>;
  readonly signer: CertificateSigner;
  readonly clock: Clock;
}

/** Other processes issue too: so often a number is lost to them before it is said. */
const mostTries = 20;

/** Issues certificates of erasures, each chained to the one before. */
export class CertificateRegister {
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: RegisterParts) {}

  /** 32 bytes: what a reader must trust. */
  get publicKey(): Uint8Array {
    return this.parts.signer.publicKey;
  }

  /**
   * The certificate of an erasure as it stands: the last one where that still says it, else a new one. Rejects with ERASURE_MISSING, and
   * with what store and signer reject with.
   */
  async certificateOf(erasureId: string): Promise<IssuedCertificate> {
    const erasure = await this.parts.erasures.get(erasureId);
    if (erasure === null)
      throw new PrivacyError('ERASURE_MISSING', `There is no erasure ${erasureId} in the ledger.`);
    const [certificate] = await this.issue([erasure]);
    if (certificate) return certificate;
    throw new TypeError('one erasure has one certificate');
  }

  /** At most `limit` (1 or more) of the chain behind a number, lowest first. */
  chain(after: number, limit: number): Promise<readonly IssuedCertificate[]> {
    return this.parts.store.list(after, limit);
  }

  /** As `certificateOf` for many, in the order given. One call at a time: within a process nobody loses a number. */
  issue(erasures: readonly Erasure[]): Promise<IssuedCertificate[]> {
    const issued = this.#turn.then(() => this.#issue(erasures));
    this.#turn = issued.catch(() => undefined);
    return issued;
  }

  async #issue(erasures: readonly Erasure[]): Promise<IssuedCertificate[]> {
    const { store, acknowledgements } = this.parts;
    const ids = erasures.map(({ erasureId }) => erasureId);
    for (let tries = 0; tries < mostTries; tries++) {
      const standing = new Map(await store.latestOf(ids));
      const answers = await acknowledgements.of(ids);
      const due = erasures
        .map((erasure) => statementOf(erasure, answers.get(erasure.erasureId) ?? []))
        .filter((statement) => !says(standing.get(statement.erasure.id), statement));
      const added = await this.#signed(due);
      if (added.length > 0 && !(await store.append(added))) continue;
      for (const certificate of added) standing.set(certificate.erasureId, certificate);
      return ids.flatMap((id) => standing.get(id) ?? []);
    }
    throw new PrivacyError(
      'CERTIFICATE_CONTENDED',
      `No number for a certificate could be had in ${mostTries} tries: others issue too. Ask again.`,
    );
  }

  async #signed(statements: readonly UndatedStatement[]): Promise<IssuedCertificate[]> {
    const { store, signer, clock } = this.parts;
    const certificates: IssuedCertificate[] = [];
    if (statements.length === 0) return certificates;
    let last = await store.last();
    const issuedAt = new Date(clock.now()).toISOString();
    for (const statement of statements) {
      const number = (last?.number ?? 0) + 1;
      const body = { ...statement, number, previous: last?.digest ?? null, issuedAt };
      // What no reader would take must not be signed, nor stand in the chain for good.
      readStatement(body);
      const file = await signCertificate(body, signer);
      const { digest } = this.#ownCertificate(file);
      last = { number, erasureId: statement.erasure.id, digest, file: Buffer.from(file).toString('utf8') };
      certificates.push(last);
    }
    return certificates;
  }

  /** A key service may have another key by now: what a reader would call forged must not be stored. */
  #ownCertificate(file: Uint8Array): ReadCertificate {
    const certificate = readCertificate(file);
    const key = new TrustedKey(this.publicKey);
    try {
      checkSignature(certificate, [key]);
      return certificate;
    } catch (cause) {
      throw new PrivacyError(
        'CERTIFICATE_SIGNATURE_WRONG',
        `What signs certificates gave a signature that does not fit its public key ${key.name}: nothing was issued. Another key may stand in its place by now; start the application again where that is meant.`,
        { cause },
      );
    }
  }
}

/** Whether a certificate says just that, whatever its number and date. */
function says(certificate: IssuedCertificate | undefined, statement: UndatedStatement): boolean {
  if (certificate === undefined) return false;
  const { body } = readCertificate(Buffer.from(certificate.file, 'utf8'));
  const undated = { ...body, number: null, previous: null, issuedAt: null };
  return (
    canonicalize(undated) === canonicalize({ ...statement, number: null, previous: null, issuedAt: null })
  );
}
