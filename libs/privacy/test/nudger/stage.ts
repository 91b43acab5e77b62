import type { TestContext } from 'node:test';
import type { ErasureEvidence, KeyTopicWindow } from '../../src/index.js';
import { silentLogger } from '../../src/logger.js';
import type { NudgeJob, NudgeListener, NudgerParts } from '../../src/nudger/nudge-job.js';
import { Nudger } from '../../src/nudger/nudger.js';
import type { SimulatedCluster, SimulatedSettings } from '../../src/testing/index.js';
import { Deployment } from '../forgetting/forgetting-harness.js';

export interface StageOptions {
  readonly settings?: Partial<SimulatedSettings>;
  readonly cluster?: SimulatedCluster;
  readonly parts?: Partial<NudgerParts>;
}

/** A nudger over one simulated partition, and what its listener hears. */
export class Stage {
  readonly told: string[] = [];
  /** The last that was given with `gone` or `seen`, by job. */
  readonly evidence = new Map<string, ErasureEvidence>();
  readonly #nudgers: Nudger[] = [];

  private constructor(
    readonly d: Deployment,
    private readonly parts: Partial<NudgerParts>,
  ) {}

  static async start(t: TestContext, options: StageOptions = {}): Promise<Stage> {
    const { settings = {}, cluster = { brokers: 3, minInSync: 2 }, parts = {} } = options;
    const stage = new Stage(await Deployment.start(settings, 1, {}, cluster), parts);
    t.after(() => stage.#stop());
    return stage;
  }

  nudger(parts: Partial<NudgerParts> = {}): Nudger {
    const { topic: window, keyring, clock } = this.d;
    const listener = this.#listener();
    const made = new Nudger({
      window,
      keyring,
      clock,
      logger: silentLogger,
      listener,
      ...this.parts,
      ...parts,
    });
    this.#nudgers.push(made);
    return made;
  }

  /** Gives a user a key and forgets the user: the job that this leaves. */
  async forgotten(userId: string): Promise<NudgeJob> {
    const { keyring } = this.d;
    const userRef = keyring.userRef(userId);
    await keyring.ensureKeys([userRef]);
    const { erasedAt: fencedAt } = await keyring.forget(userRef);
    return { id: userId, userRef, fencedAt };
  }

  /** How long, in ms, until it is told in steps of `stepMs`; null: not within `mostMs`. */
  async until(told: string, mostMs: number, stepMs = 50): Promise<number | null> {
    for (let waited = 0; waited <= mostMs; waited += stepMs) {
      if (this.told.includes(told)) return waited;
      await this.d.clock.advanceAsync(stepMs);
    }
    return null;
  }

  #listener(): NudgeListener {
    const tell = async (what: string): Promise<void> => {
      await Promise.resolve();
      this.told.push(what);
    };
    return {
      standing: (id, values) => tell(`${id} ${values}`),
      blocked: (id, { code }) => tell(`${id} ${code}`),
      gone: (id, evidence) => {
        this.evidence.set(id, evidence);
        return tell(`${id} gone`);
      },
      seen: (id, evidence) => {
        this.evidence.set(id, evidence);
        return tell(`${id} seen`);
      },
    };
  }

  async #stop(): Promise<void> {
    for (const nudger of this.#nudgers) await nudger.close();
    await this.d.stop();
  }
}

/** The same topic with some calls answered otherwise. */
export function changed(window: KeyTopicWindow, changes: Partial<KeyTopicWindow>): KeyTopicWindow {
  return new Proxy(window, {
    get: (target, name) => {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
