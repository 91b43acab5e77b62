import type { EngineServer } from './engine-server.js';
import { temporaryDirectory } from './temporary-directory.js';

export type StartEngine = (options: {
  readonly workDir: string;
  readonly port?: number;
  readonly config?: Readonly<Record<string, string>>;
}) => Promise<EngineServer>;

/** An engine with a directory of its own that can be crashed and comes back at the same address with its data. */
export class RestartableEngine {
  readonly #start: StartEngine;
  readonly #config: Readonly<Record<string, string>>;
  readonly #directory = temporaryDirectory();
  #server: EngineServer | null = null;

  constructor(
    readonly name: string,
    start: StartEngine,
    config: Readonly<Record<string, string>> = {},
  ) {
    this.#start = start;
    this.#config = config;
  }

  get server(): EngineServer {
    if (this.#server === null) throw new Error(`${this.name} was not started.`);
    return this.#server;
  }

  bootstrap(): string {
    return this.server.bootstrap;
  }

  async start(): Promise<void> {
    this.#server = await this.#start({ workDir: this.#directory.path, config: this.#config });
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  /** Harmless when it was never started. */
  async crash(): Promise<void> {
    await this.#server?.kill();
  }

  async restart(): Promise<void> {
    const { port } = this.server;
    this.#server = await this.#start({ workDir: this.#directory.path, config: this.#config, port });
  }

  /** Stops it and removes its directory; harmless when it was never started. */
  async dispose(): Promise<void> {
    await this.#server?.stop();
    this.#directory.remove();
  }
}
