import type { SeededEntropy } from './seeded-entropy.js';

/** Bytes that grow. */
class Bytes {
  #buffer = new Uint8Array(0);
  length = 0;

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.#buffer.length * 2, 256));
      grown.set(this.view());
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, position);
    this.length = Math.max(this.length, end);
  }

  resize(size: number): void {
    if (size > this.length) this.write(new Uint8Array(size - this.length), this.length);
    else this.#buffer.fill(0, size, this.length);
    this.length = size;
  }
}

type Change = { readonly position: number; readonly bytes: Uint8Array } | { readonly resizeTo: number };

/** A file: what programs see, and what a power cut would leave. */
export class FileNode {
  readonly kind = 'file';
  readonly #live = new Bytes();
  readonly #durable = new Bytes();
  #unsynced: Change[] = [];

  constructor(
    readonly mode: number,
    /** When the content last changed, wall-clock ms. */
    public modifiedMs: number,
  ) {}

  get size(): number {
    return this.#live.length;
  }

  view(): Uint8Array {
    return this.#live.view();
  }

  write(bytes: Uint8Array, position: number): void {
    this.#live.write(bytes, position);
    this.#unsynced.push({ position, bytes: bytes.slice() });
  }

  resize(size: number): void {
    this.#live.resize(size);
    this.#unsynced.push({ resizeTo: size });
  }

  /** Marks what was written so far; the returned function makes exactly that durable. */
  beginSync(): () => void {
    const covered = this.#unsynced.at(-1);
    return () => {
      const end = covered ? this.#unsynced.indexOf(covered) + 1 : 0;
      for (const change of this.#unsynced.splice(0, end)) apply(this.#durable, change);
    };
  }

  /** A copy as it stands after a power cut: every unsynced change is lost, kept, torn, or there as zeros only. */
  afterCrash(chance: SeededEntropy): FileNode {
    const survivor = new FileNode(this.mode, this.modifiedMs);
    survivor.#durable.write(this.#durable.view(), 0);
    for (const change of this.#unsynced) {
      const fate = chance.below(4);
      if (fate === 0) continue;
      if (fate === 1 || 'resizeTo' in change) apply(survivor.#durable, change);
      else if (fate === 2) {
        const kept = chance.below(change.bytes.length + 1);
        survivor.#durable.write(change.bytes.subarray(0, kept), change.position);
      } else survivor.#durable.write(new Uint8Array(change.bytes.length), change.position);
    }
    survivor.#live.write(survivor.#durable.view(), 0);
    return survivor;
  }
}

function apply(bytes: Bytes, change: Change): void {
  if ('resizeTo' in change) bytes.resize(change.resizeTo);
  else bytes.write(change.bytes, change.position);
}

export type Node = FileNode | DirectoryNode;

/** One step on a directory's names; a rename changes two names at once. */
type NameChange = readonly (readonly [name: string, node: Node | null])[];

/** A directory: names as programs see them, and as a power cut would leave them. */
export class DirectoryNode {
  readonly kind = 'directory';
  readonly entries = new Map<string, Node>();
  readonly #durable = new Map<string, Node>();
  #unsynced: NameChange[] = [];

  constructor(readonly mode: number) {}

  change(change: NameChange): void {
    applyNames(this.entries, change);
    this.#unsynced.push(change);
  }

  /** Marks what was changed so far; the returned function makes exactly that durable. */
  beginSync(): () => void {
    const covered = this.#unsynced.at(-1);
    return () => {
      const end = covered ? this.#unsynced.indexOf(covered) + 1 : 0;
      for (const change of this.#unsynced.splice(0, end)) applyNames(this.#durable, change);
    };
  }

  /** A copy after a power cut: of the unsynced changes some first ones survive, as a journal would have it. */
  afterCrash(chance: SeededEntropy, done = new Map<Node, Node>()): DirectoryNode {
    const survivor = new DirectoryNode(this.mode);
    done.set(this, survivor);
    const names = new Map(this.#durable);
    const kept = chance.below(this.#unsynced.length + 1);
    for (const change of this.#unsynced.slice(0, kept)) applyNames(names, change);
    for (const [name, node] of names) {
      const copy =
        done.get(node) ?? (node.kind === 'file' ? node.afterCrash(chance) : node.afterCrash(chance, done));
      done.set(node, copy);
      survivor.change([[name, copy]]);
    }
    survivor.beginSync()();
    return survivor;
  }
}

function applyNames(names: Map<string, Node>, change: NameChange): void {
  for (const [name, node] of change) {
    if (node) names.set(name, node);
    else names.delete(name);
  }
}
