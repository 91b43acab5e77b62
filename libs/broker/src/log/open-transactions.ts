/** A transaction that ended, with the offset of its marker. */
export interface EndedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: bigint;
  readonly lastOffset: bigint;
}

/**
 * The transactions that hold back the last stable offset: those without a marker, and those whose marker lies above the high
 * watermark (Kafka's ProducerStateManager: ongoingTxns and unreplicatedTxns).
 */
export class OpenTransactions {
  /** First offset to producer, ascending: a log only grows at its end. */
  #ongoing = new Map<bigint, bigint>();
  /** First offset to marker's offset. */
  readonly #unreplicated = new Map<bigint, bigint>();

  /** The first offset that no marker below the high watermark decides on; null when there is none. */
  get firstUnstableOffset(): bigint | null {
    let first = this.firstUndecidedOffset;
    for (const offset of this.#unreplicated.keys()) if (first === null || offset < first) first = offset;
    return first;
  }

  /** The start of the oldest transaction without a marker. */
  get firstUndecidedOffset(): bigint | null {
    for (const offset of this.#ongoing.keys()) return offset;
    return null;
  }

  begin(producerId: bigint, firstOffset: bigint): void {
    this.#ongoing.set(firstOffset, producerId);
  }

  /** Takes a `begin` back. */
  forget(firstOffset: bigint): void {
    this.#ongoing.delete(firstOffset);
  }

  end({ firstOffset, lastOffset }: EndedTransaction): void {
    this.#ongoing.delete(firstOffset);
    this.#unreplicated.set(firstOffset, lastOffset);
  }

  /** Takes an `end` back. */
  reopen({ producerId, firstOffset }: EndedTransaction): void {
    this.#unreplicated.delete(firstOffset);
    const entries = [...this.#ongoing, [firstOffset, producerId] as const];
    this.#ongoing = new Map(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
  }

  /** What the last stable offset will be once this transaction's end is replicated; it must still be ongoing. */
  stableOffsetAfter({ producerId, lastOffset }: EndedTransaction): bigint {
    for (const [firstOffset, owner] of this.#ongoing) if (owner !== producerId) return firstOffset;
    return lastOffset + 1n;
  }

  /** Every record below `offset` is replicated, or gone. */
  settleBelow(offset: bigint): void {
    for (const [firstOffset, lastOffset] of this.#unreplicated) {
      if (lastOffset < offset) this.#unreplicated.delete(firstOffset);
    }
  }
}
