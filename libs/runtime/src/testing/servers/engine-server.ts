/** A running broker, whichever engine it is. */
export interface EngineServer {
  readonly bootstrap: string;
  readonly port: number;
  /** Where its logs stand, for looking at the bytes. */
  readonly dataDir: string;
  readonly logFile: string;
  readonly pid: number;
  stop(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
}
