import { Inject, Injectable } from '@nestjs/common';
import type { CertificateRegister, IssuedCertificate } from '@oubliette/privacy';
import { OUBLIETTE_ENGINE } from '../engine/engine.js';
import type { OublietteEngine } from '../engine/engine.js';
import { OublietteError } from '../errors.js';

/** Certificates of erasures: signed, chained, and to be checked by who trusts nobody (docs/certificate.md). */
@Injectable()
export class CertificateService {
  constructor(@Inject(OUBLIETTE_ENGINE) private readonly engine: OublietteEngine) {}

  /** 32 bytes: the Ed25519 key that readers must trust. Throws `CERTIFICATES_OFF`. */
  get publicKey(): Uint8Array {
    return this.#register.publicKey;
  }

  /**
   * The certificate of an erasure as it stands now, partial until all is done: the last one where that still says it, else a new one.
   * Rejects with `CERTIFICATES_OFF`, `ERASURE_MISSING`, and what the signer rejects with.
   */
  certificateOf(erasureId: string): Promise<IssuedCertificate> {
    return this.#register.certificateOf(erasureId);
  }

  /** At most `limit` of the chain behind a number, lowest first. Rejects with `CERTIFICATES_OFF`. */
  chain(after: number, limit: number): Promise<readonly IssuedCertificate[]> {
    return this.#register.chain(after, limit);
  }

  get #register(): CertificateRegister {
    const { certificates } = this.engine;
    if (certificates !== null) return certificates;
    throw new OublietteError(
      'CERTIFICATES_OFF',
      'This application issues no certificates: give OublietteModule a certificateKey.',
    );
  }
}
