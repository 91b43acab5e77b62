import type { Clock, Timer } from '@oubliette/runtime';
import { ConnectionRate, type RateWindows } from './connection-rate.js';

/** How many connections may be open, and how fast new ones are taken; asked anew each time, since they may change. */
export interface AdmissionLimits {
  /** max.connections */
  readonly maxConnections: () => number;
  /** The same of the listener (listener.name.*.max.connections). */
  readonly maxOfListener: () => number;
  /** Of one IP address. */
  readonly maxOfAddress: (address: string) => number;
  /** New ones a second: the lower of the broker's and the listener's max.connection.creation.rate. */
  readonly maxPerSecond: () => number;
  readonly windows: RateWindows;
  /** socket.listen.backlog.size: how many may wait behind the one whose turn it is. */
  readonly backlog: number;
}

/** A connection that was made and is not read yet. */
export interface Applicant {
  readonly address: string;
  /** It is served from now on; false where it is gone already. */
  enter(): boolean;
  /** Its address has as many as it may have. */
  refuse(open: number): void;
}

/** Whose turn it is, and when the rate allows it, in monotonic ms. */
interface Next {
  readonly applicant: Applicant;
  readonly readyAt: number;
}

export type WaitReason = 'as many connections as allowed are open' | 'new connections come too fast';

/**
 * Who is served and who waits, by the rules of Kafka's acceptor (SocketServer, ConnectionQuotas) for a broker with one listener, whose
 * connections none protects: in the order in which they came, one waits until the rate allows it and there is room, the others behind
 * it. A change of a limit is seen at once, but who waits for the rate does so to the end, as in Kafka.
 */
export class Admission {
  readonly #rate: ConnectionRate;
  readonly #perAddress = new Map<string, number>();
  readonly #waiting: Applicant[] = [];
  #next: Next | null = null;
  #open = 0;
  #timer: Timer | null = null;
  #isClosed = false;
  #isWaitingTold = false;

  constructor(
    private readonly clock: Clock,
    private readonly limits: AdmissionLimits,
    private readonly tellWaiting: (reason: WaitReason, open: number) => void,
  ) {
    this.#rate = new ConnectionRate(limits.windows);
  }

  /** Connections that entered and have not left. */
  get open(): number {
    return this.#open;
  }

  /** How many of them max.connections, since it was lowered, allows no more: the least recently used have to go (Processor). */
  get excess(): number {
    return Math.max(0, this.#open - this.limits.maxConnections());
  }

  /** Lets it enter now or later, or refuses it. False where as many wait as may: it is not kept. */
  apply(applicant: Applicant): boolean {
    if (this.#isClosed || this.#waiting.length >= this.limits.backlog) return false;
    this.#waiting.push(applicant);
    this.look();
    return true;
  }

  /** One that had entered is gone. */
  leave(address: string): void {
    this.#uncount(address);
    this.look();
  }

  /** Lets in who may enter by now; to be called when a limit was changed. */
  look(): void {
    for (;;) {
      this.#next ??= this.#callNext();
      if (this.#next === null) break;
      const { applicant, readyAt } = this.#next;
      const restMs = readyAt - this.clock.monotonic();
      if (restMs > 0) return this.#waitFor(restMs);
      if (!this.#hasRoom()) return this.#tell('as many connections as allowed are open');
      this.#next = null;
      this.#admit(applicant);
    }
    this.#isWaitingTold = false;
  }

  /** Nobody enters any more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#next = null;
  }

  #callNext(): Next | null {
    const applicant = this.#waiting.shift();
    if (applicant === undefined) return null;
    const now = this.clock.monotonic();
    return { applicant, readyAt: now + this.#rate.record(now, this.limits.maxPerSecond()) };
  }

  #hasRoom(): boolean {
    return this.#open < Math.min(this.limits.maxConnections(), this.limits.maxOfListener());
  }

  #admit(applicant: Applicant): void {
    const { address } = applicant;
    const fromThere = this.#perAddress.get(address) ?? 0;
    if (fromThere >= this.limits.maxOfAddress(address)) {
      applicant.refuse(fromThere);
      return;
    }
    this.#open += 1;
    this.#perAddress.set(address, fromThere + 1);
    if (!applicant.enter()) this.#uncount(address);
  }

  #uncount(address: string): void {
    this.#open -= 1;
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }

  #waitFor(ms: number): void {
    this.#tell('new connections come too fast');
    this.#timer?.cancel();
    this.#timer = this.clock.schedule(ms, () => this.look());
  }

  /** Once until nobody waits any more. */
  #tell(reason: WaitReason): void {
    if (this.#isWaitingTold) return;
    this.#isWaitingTold = true;
    this.tellWaiting(reason, this.#open);
  }
}
