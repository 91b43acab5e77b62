import { deploymentPartition } from './deployment.js';
import type { DeploymentFollower } from './deployment-follower.js';
import type { KeyLease } from './key-lease.js';
import type { KeyLogWriter } from './key-log-writer.js';
import type { KeyOpener } from './key-opener.js';

export interface CurrentWrappingParts {
  readonly writer: Pick<KeyLogWriter, 'catchUp'>;
  readonly deployment: Pick<DeploymentFollower, 'ready'>;
  readonly lease: Pick<KeyLease, 'mayWrap' | 'assertMayWrap'>;
  readonly opener: Pick<KeyOpener, 'assertCurrent'>;
}

/** Whether this process has heard which wrapping keys are in force, and has them: the master-key epoch may have turned meanwhile. */
export class CurrentWrapping {
  constructor(private readonly parts: CurrentWrappingParts) {}

  /**
   * Rejects with `KEYRING_UNAVAILABLE` where the deployment was not heard of lately (`wrappingLeaseMs`): what would be wrapped now could
   * soon be read by nobody else.
   */
  async assertMayWrap(): Promise<void> {
    const { writer, deployment, lease } = this.parts;
    if (!lease.mayWrap) await writer.catchUp(deploymentPartition);
    await deployment.ready();
    lease.assertMayWrap();
  }

  /** Rejects with `MASTER_KEY_UNAVAILABLE` where the wrapping keys in force are not at hand. */
  async assertReadable(): Promise<void> {
    const { writer, deployment, opener } = this.parts;
    await writer.catchUp(deploymentPartition);
    await deployment.ready();
    opener.assertCurrent();
  }
}
