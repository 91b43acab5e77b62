import type { CertificateStore, IssuedCertificate } from '../certificate/certificate-store.js';

/** The chain of certificates in memory, for tests. Every call yields once, as a database would. */
export class InMemoryCertificateStore implements CertificateStore {
  readonly #chain: IssuedCertificate[] = [];

  async last(): Promise<IssuedCertificate | null> {
    await Promise.resolve();
    return this.#chain.at(-1) ?? null;
  }

  async append(certificates: readonly IssuedCertificate[]): Promise<boolean> {
    await Promise.resolve();
    const taken = new Set(this.#chain.map(({ number }) => number));
    if (certificates.some(({ number }) => taken.has(number))) return false;
    this.#chain.push(...certificates);
    return true;
  }

  async latestOf(erasureIds: readonly string[]): Promise<ReadonlyMap<string, IssuedCertificate>> {
    await Promise.resolve();
    const wanted = new Set(erasureIds);
    return new Map(
      this.#chain.filter(({ erasureId }) => wanted.has(erasureId)).map((one) => [one.erasureId, one]),
    );
  }

  async list(after: number, limit: number): Promise<IssuedCertificate[]> {
    await Promise.resolve();
    return this.#chain.filter(({ number }) => number > after).slice(0, limit);
  }
}
