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
  /** First offset to producer, ascending. */
  #ongoing = new Map<bigint, bigint>();
  /** A log grows at its end; only what a snapshot holds, and what a failed write gives back, comes in no order. */
  #lastBegun = -1n;
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
    const isLast = firstOffset > this.#lastBegun;
    this.#ongoing.set(firstOffset, producerId);
    if (isLast) this.#lastBegun = firstOffset;
    else this.#sort();
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
    this.#ongoing.set(firstOffset, producerId);
    this.#sort();
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

  #sort(): void {
    this.#ongoing = new Map([...this.#ongoing].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}
