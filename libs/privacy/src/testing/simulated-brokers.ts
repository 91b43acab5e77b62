/** What a replica that a simulated broker has is like. */
interface SimulatedBroker {
  isLive: boolean;
  isInSync: boolean;
  /** It runs and fetches nothing. */
  isLagging: boolean;
  hasCleaner: boolean;
  /** It answers as if it had heard of no high watermark behind this. */
  knownEnd: bigint | null;
}

/** Which brokers of a simulated cluster run, are in sync and clean; every partition has a replica on each. */
export class SimulatedBrokers {
  readonly #brokers = new Map<number, SimulatedBroker>();

  /** Node ids from 1. */
  constructor(
    readonly count: number,
    readonly minInSync: number,
  ) {
    for (let id = 1; id <= count; id++)
      this.#brokers.set(id, {
        isLive: true,
        isInSync: true,
        isLagging: false,
        hasCleaner: true,
        knownEnd: null,
      });
  }

  get ids(): readonly number[] {
    return [...this.#brokers.keys()];
  }

  get inSync(): readonly number[] {
    return this.ids.filter((id) => this.at(id).isInSync);
  }

  at(id: number): SimulatedBroker {
    const broker = this.#brokers.get(id);
    if (broker === undefined) throw new RangeError(`There is no simulated broker ${id}.`);
    return broker;
  }

  /** Only who is in sync may lead; where none of them is up there is no leader. */
  leaderOf(partition: number): number | null {
    const { ids } = this;
    const turned = [...ids.slice(partition % ids.length), ...ids.slice(0, partition % ids.length)];
    return turned.find((id) => this.at(id).isLive && this.at(id).isInSync) ?? null;
  }

  /** The last one in sync stays so: it alone has everything. */
  leaveSync(id: number): void {
    if (this.inSync.length > 1) this.at(id).isInSync = false;
  }
}
