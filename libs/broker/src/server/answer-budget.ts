/**
 * What all connections' answers that are being built or lie unsent may hold together, bytes. Kafka sends record batches from its
 * files and holds none of them; here each slow reader would hold up to fetch.max.bytes (55 MiB), and forty of them 2 GiB.
 */
const budgetBytes = 256 * 1024 * 1024;
/** No connection gets more than this part of what the others leave: many who do not read leave something to the next one. */
const share = 4;
/** Less is not worth a read: who could get no more waits. */
const smallestGrantBytes = 64 * 1024;

/** Who has not read an answer for so long, ms, gives way when there is no room left for those who read. */
const patienceMs = 1_000;

/** Whose answers an account counts. */
export interface AnswerHolder {
  /** Monotonic ms. */
  readonly now: () => number;
  /** Closes the connection: what it holds comes back soon after. */
  readonly giveWay: () => void;
}

interface Waiter {
  readonly account: AnswerAccount;
  readonly wake: () => void;
}

/** One budget of bytes for the answers of all connections. */
export class AnswerBudget {
  #free: number;
  readonly #totalBytes: number;
  readonly #waiting = new Set<Waiter>();
  /** Accounts with unsent bytes, the longest unread first. */
  readonly #unread = new Set<AnswerAccount>();

  constructor(totalBytes = budgetBytes) {
    this.#totalBytes = totalBytes;
    this.#free = totalBytes;
  }

  /** Bytes that are held; may exceed the budget by one batch for each of many who could get nothing, up to as much again. */
  get heldBytes(): number {
    return this.#totalBytes - this.#free;
  }

  /** What an account that holds `held` bytes may hold beside them; 0 where it must wait. */
  allowance(held: number): number {
    const allowed = Math.floor((this.#free + held) / share) - held;
    return Math.min(allowed, this.#free) < smallestGrantBytes ? 0 : allowed;
  }

  /** Whether one batch more, for somebody who got nothing, is too much. */
  get isSpent(): boolean {
    return this.#free <= -this.#totalBytes;
  }

  /** The account's client has bytes to read from now on, or has read all of them. */
  markUnread(account: AnswerAccount, isUnread: boolean): void {
    if (isUnread) this.#unread.add(account);
    else this.#unread.delete(account);
  }

  /** Makes room by closing the connection that has not read for longest; false where none has for a while. */
  makeRoom(): boolean {
    for (const account of this.#unread) {
      if (!account.giveWay(patienceMs)) return false;
      this.#unread.delete(account);
      return true;
    }
    return false;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  change(bytes: number): void {
    this.#free -= bytes;
    if (bytes < 0) this.#wakeNext();
  }

  /** Calls back once the account can get something, those who asked before it first; returns the undoing. */
  wait(account: AnswerAccount, wake: () => void): () => void {
    const waiter = { account, wake };
    this.#waiting.add(waiter);
    this.#wakeNext();
    return () => {
      this.#waiting.delete(waiter);
      this.#wakeNext();
    };
  }

  /** One at a time: who is woken takes its part, or leaves, and then comes the next. */
  #wakeNext(): void {
    for (const { account, wake } of this.#waiting) {
      if (account.allowance > 0) wake();
      return;
    }
  }
}

/** What one connection's answers hold of the budget. Requests that take from it do not overlap. */
export class AnswerAccount {
  #building = 0;
  #unsent = 0;
  #isClosed = false;
  /** Monotonic ms; null while all was read. */
  #unreadSince: number | null = null;

  constructor(
    private readonly budget: AnswerBudget,
    private readonly holder: AnswerHolder,
  ) {}

  /** Bytes that may be taken now. */
  get allowance(): number {
    return this.budget.allowance(this.#building + this.#unsent);
  }

  /** Takes up to so many bytes for an answer that is being built, none where others wait for theirs. */
  take(wantedBytes: number): number {
    if (this.budget.hasWaiting) return 0;
    return this.#take(wantedBytes);
  }

  #take(wantedBytes: number): number {
    const taken = Math.max(0, Math.min(wantedBytes, this.allowance));
    this.#hold(taken);
    return taken;
  }

  /** Calls back when bytes were taken, as `take` does, but in the order of asking; returns the undoing. */
  takeLater(wantedBytes: number, taken: (bytes: number) => void): () => void {
    return this.budget.wait(this, () => taken(this.#take(wantedBytes)));
  }

  /** Whether one batch may be read without any budget, so that everybody gets on; who does not read gives way for it. */
  mayOverdraw(): boolean {
    return !this.budget.isSpent || this.budget.makeRoom();
  }

  /** Closes its connection if that has not read for so long, ms; else false. */
  giveWay(patience: number): boolean {
    if (this.#unreadSince === null || this.holder.now() - this.#unreadSince < patience) return false;
    this.holder.giveWay();
    return true;
  }

  #markUnread(): void {
    const isUnread = this.#unsent > 0;
    if (isUnread === (this.#unreadSince !== null)) return;
    this.#unreadSince = isUnread ? this.holder.now() : null;
    this.budget.markUnread(this, isUnread);
  }

  /** What is being built has so many bytes more (or less) than were taken. */
  adjust(bytes: number): void {
    this.#hold(bytes);
  }

  #hold(bytes: number): void {
    if (bytes === 0) return;
    this.#building += bytes;
    this.budget.change(bytes);
  }

  /** The answers built so far are handed to the socket, or nobody will read them; so many bytes have not left it. */
  sent(unsentBytes: number): void {
    const unsent = this.#isClosed ? 0 : unsentBytes;
    const change = unsent - this.#unsent - this.#building;
    this.#building = 0;
    this.#unsent = unsent;
    this.#markUnread();
    if (change !== 0) this.budget.change(change);
  }

  /** Bytes left the socket: so many have not. */
  drained(unsentBytes: number): void {
    const change = (this.#isClosed ? 0 : unsentBytes) - this.#unsent;
    this.#unsent += change;
    this.#markUnread();
    if (change !== 0) this.budget.change(change);
  }

  /** The socket is gone, with all that lay in it; what is being built counts until it is handed over. */
  close(): void {
    this.#isClosed = true;
    this.drained(0);
  }
}
