import { join } from 'node:path';
import { createMasterKeyFile, masterKeyPlaceText } from '@oubliette/keyring';
import type { Disk, Entropy } from '@oubliette/runtime';
import { SampleError } from '../errors.js';
import { filesOf, refuseKeysAmongData } from './master-keys-setting.js';
import type { Settings } from './settings.js';

/** What `oubliette.json` tells other programs about the running sample, beside where its master keys are: no secret. */
export interface RunningState {
  readonly brokers: readonly string[];
  readonly httpAddress: string;
  readonly processId: number;
  readonly keyTopic: string;
}

/** The files that the sample keeps in its data directory, and the master keys elsewhere. */
export class StateFiles {
  constructor(
    private readonly settings: Settings,
    private readonly disk: Disk,
    private readonly entropy: Entropy,
  ) {}

  /** Makes the directory and holds it for this process; gives the release. */
  take(): () => void {
    const { dataDir } = this.settings;
    try {
      this.disk.makeDirectorySync(dataDir, 0o700);
      return this.disk.lockSync(join(dataDir, 'sample.lock'));
    } catch (cause) {
      const locked = (cause as { code?: string }).code === 'ELOCKED';
      throw locked
        ? new SampleError(
            'DATA_DIR_LOCKED',
            `Another sample runs in ${dataDir}: stop it, or give this one its own DATA_DIR and PORT.`,
            { cause },
          )
        : new SampleError(
            'DATA_DIR_NOT_WRITABLE',
            `Cannot write to ${dataDir} (${String((cause as { code?: string }).code)}): give a DATA_DIR that this user may write to.`,
            { cause },
          );
    }
  }

  /**
   * Makes a file of master keys for a new deployment, with a warning; keys that are elsewhere are the operator's to make. Where the
   * sample has run before they must be there: new ones would open nothing.
   */
  ensureMasterKeys(warn: (message: string) => void): void {
    const { masterKeys, dataDir } = this.settings;
    // As given they were compared before; a link may lead one into the other.
    for (const file of filesOf(masterKeys))
      refuseKeysAmongData(this.disk.realPathSync(dataDir), this.disk.realPathSync(file));
    if (masterKeys.kind !== 'file' || this.disk.existsSync(masterKeys.path)) return;
    if (this.disk.existsSync(this.#stateFile))
      throw new SampleError(
        'MASTER_KEY_MISSING',
        `There is no master-key file at ${masterKeys.path}, but ${dataDir} has data that was written with one: put it back or set OUBLIETTE_MASTER_KEYS; to start anew, use another DATA_DIR.`,
      );
    createMasterKeyFile(masterKeys.path, this.disk, this.entropy);
    warn(
      `Made new master keys at ${masterKeys.path}. Keep a copy apart from the data: without them nothing can be decrypted.`,
    );
  }

  /** The token given, else the one made at the first start. */
  adminToken(): string {
    const file = join(this.settings.dataDir, 'admin-token');
    if (this.settings.adminToken !== null) return this.settings.adminToken;
    if (!this.disk.existsSync(file)) {
      const bytes = new Uint8Array(32);
      this.entropy.fill(bytes);
      const token = Buffer.from(bytes).toString('base64url');
      this.disk.replaceFileSync(file, Buffer.from(`${token}\n`), 0o600);
    }
    const mode = this.disk.statSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0)
      throw new SampleError(
        'ADMIN_TOKEN_OPEN',
        `The admin token ${file} has mode ${mode.toString(8)}: others can read it. Remove the file, and a new one is made.`,
      );
    return Buffer.from(this.disk.readFileSync(file)).toString('utf8').trim();
  }

  writeState(state: RunningState): void {
    const { masterKeys } = this.settings;
    const places = {
      masterKeys: masterKeyPlaceText(masterKeys),
      ...(masterKeys.kind === 'file' ? { masterKeysFile: masterKeys.path } : {}),
    };
    const text = `${JSON.stringify({ ...state, ...places }, null, 2)}\n`;
    this.disk.replaceFileSync(this.#stateFile, Buffer.from(text), 0o644);
  }

  get #stateFile(): string {
    return join(this.settings.dataDir, 'oubliette.json');
  }
}
