/** A certificate that was issued. */
export interface IssuedCertificate {
  readonly number: number;
  readonly erasureId: string;
  /** SHA-256 of the file, lower-case hex. */
  readonly digest: string;
  /** The file, byte for byte: canonical JSON. */
  readonly file: string;
}

/** The chain of certificates, which are only ever added. */
export interface CertificateStore {
  /** null: none was issued. */
  last(): Promise<IssuedCertificate | null>;
  /** Adds several at the chain's end: all, or none and false where somebody else has taken a number. */
  append(certificates: readonly IssuedCertificate[]): Promise<boolean>;
  /** The last of each of these erasures, those that have one. */
  latestOf(erasureIds: readonly string[]): Promise<ReadonlyMap<string, IssuedCertificate>>;
  /** At most `limit` (1 or more) with a higher number, lowest first. */
  list(after: number, limit: number): Promise<IssuedCertificate[]>;
}
