import {
  decodeDeploymentRecord,
  decodeSecrets,
  deploymentContext,
  encodeDeploymentRecord,
  encodeSecrets,
  type DeploymentRecord,
  type DeploymentSecrets,
} from './deployment-record.js';
import type { EntropyPool } from './crypto/entropy-pool.js';
import { KeyringError } from './errors.js';
import { toHex } from './hex.js';
import type { Intake } from './intake.js';
import type { KeyLog, KeyLogRecord } from './key-log.js';
import type { MasterKeys } from './master-keys/master-keys.js';
import { deploymentName, parseRecordKey } from './record-keys.js';
import { equalBytes, KEY_BYTES } from './crypto/sodium.js';

/** All deployment records stand in this partition. */
const DEPLOYMENT_PARTITION = 0;
const ID_BYTES = 8;

interface Candidate {
  readonly id: string;
  readonly firstOffset: bigint;
  readonly record: DeploymentRecord | null;
  readonly value: Uint8Array;
}

/** The deployment that owns the key log. */
export interface Deployment {
  readonly secrets: DeploymentSecrets;
  readonly standing: StandingDeployment;
}

/** Its record as it stands in the key log. */
export interface StandingDeployment {
  readonly id: string;
  readonly value: Uint8Array;
}

interface Surroundings {
  readonly log: KeyLog;
  readonly intake: Intake;
  readonly masterKeys: MasterKeys;
  readonly entropy: EntropyPool;
}

/**
 * The secrets of the deployment that owns the key log; makes them when the log is empty (SPEC.md, section 7).
 * Several first starts at once agree on the record that stands first; the others' are tombstoned.
 * Rejects with `MASTER_KEY_MISMATCH`, `DEPLOYMENT_MISSING`, `DEPLOYMENT_RECORD_INVALID` or `PARTITION_COUNT_CHANGED`.
 */
export async function settleDeployment(around: Surroundings): Promise<Deployment> {
  let ownId: string | null = null;
  if (standingCandidates(around.intake).length === 0) {
    refuseOrphans(around.intake);
    ownId = await foundDeployment(around);
  }
  const standing = standingCandidates(around.intake);
  const winner = pickWinner(standing);
  if (!winner) {
    throw new KeyringError(
      'DEPLOYMENT_MISSING',
      'The deployment record was written but did not come back from the key topic: check who else writes to it.',
    );
  }
  try {
    const secrets = await unlock(around, winner);
    await tombstone(
      around,
      standing.filter((candidate) => candidate !== winner),
    );
    return { secrets, standing: { id: winner.id, value: winner.value } };
  } catch (error) {
    // Another deployment's record stands first: ours must not stay to be mistaken for it later.
    await tombstone(
      around,
      standing.filter(({ id }) => id === ownId && id !== winner.id),
    );
    throw error;
  }
}

/** Living deployment records, each with the offset at which it was first seen. */
function standingCandidates(intake: Intake): Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const { partition, offset, key, value } of intake.waiting) {
    const name = parseRecordKey(key);
    if (name?.kind !== 'deployment' || partition !== DEPLOYMENT_PARTITION) continue;
    if (value === null) candidates.delete(name.id);
    else {
      const firstOffset = candidates.get(name.id)?.firstOffset ?? offset;
      candidates.set(name.id, { id: name.id, firstOffset, record: decodeDeploymentRecord(value), value });
    }
  }
  return [...candidates.values()];
}

/** The highest revision wins (only a winner is ever revised), then the lowest offset. */
function pickWinner(candidates: readonly Candidate[]): Candidate | undefined {
  const revision = ({ record }: Candidate) => record?.revision ?? 0;
  return [...candidates].sort(
    (a, b) => revision(b) - revision(a) || (a.firstOffset < b.firstOffset ? -1 : 1),
  )[0];
}

/** A second secret over existing users would orphan them all: nobody could find, read or forget them any more. */
function refuseOrphans(intake: Intake): void {
  const orphan = intake.waiting.some(({ key }) => {
    const kind = parseRecordKey(key)?.kind;
    return kind === 'user-key' || kind === 'fence' || kind === 'deployment';
  });
  if (!orphan) return;
  throw new KeyringError(
    'DEPLOYMENT_MISSING',
    'The key topic holds records of a deployment but not its deployment record: restore the topic; starting anew on it would lose every user.',
  );
}

async function foundDeployment({ log, masterKeys, entropy }: Surroundings): Promise<string> {
  const id = toHex(entropy.take(ID_BYTES));
  const { epoch, fingerprint } = masterKeys.current;
  const wrappingKey = { epoch, key: entropy.take(KEY_BYTES) };
  const root = entropy.take(KEY_BYTES);
  const plain = encodeSecrets({ root, partitionCount: log.partitionCount, wrappingKeys: [wrappingKey] });
  const wrapped = await masterKeys.wrap(deploymentContext(id, 0, fingerprint), plain);
  for (const secret of [root, wrappingKey.key, plain]) secret.fill(0);
  const value = encodeDeploymentRecord({ revision: 0, masterKey: fingerprint, wrapped });
  await appendAndRead(log, [{ key: deploymentName(id), value }]);
  return id;
}

async function unlock({ log, masterKeys }: Surroundings, winner: Candidate): Promise<DeploymentSecrets> {
  const { id, record } = winner;
  const plain = record
    ? await masterKeys.unwrap(
        record.masterKey,
        deploymentContext(id, record.revision, record.masterKey),
        record.wrapped,
      )
    : null;
  const secrets = plain && decodeSecrets(plain);
  plain?.fill(0);
  if (!secrets) {
    throw new KeyringError(
      'DEPLOYMENT_RECORD_INVALID',
      `The deployment record ${id} in partition ${DEPLOYMENT_PARTITION} of the key topic (first at offset ${winner.firstOffset}) was changed or is not readable: restore the topic.`,
    );
  }
  if (secrets.partitionCount !== log.partitionCount) {
    throw new KeyringError(
      'PARTITION_COUNT_CHANGED',
      `The key topic was made with ${secrets.partitionCount} partitions and has ${log.partitionCount} now: users would be looked for in the wrong one. Restore the topic with its first count.`,
    );
  }
  return secrets;
}

async function tombstone({ log }: Surroundings, losers: readonly Candidate[]): Promise<void> {
  if (losers.length === 0) return;
  await appendAndRead(
    log,
    losers.map(({ id }) => ({ key: deploymentName(id), value: null })),
  );
}

async function appendAndRead(log: KeyLog, records: readonly KeyLogRecord[]): Promise<void> {
  const first = await log.append(DEPLOYMENT_PARTITION, records);
  await log.reached(DEPLOYMENT_PARTITION, first + BigInt(records.length - 1));
}

/** Whether a record under the deployment's name may follow the one that stands: the same again, or a later revision. */
export function mayFollow(standing: StandingDeployment, value: Uint8Array | null): boolean {
  if (value === null) return false;
  const revision = (bytes: Uint8Array) => decodeDeploymentRecord(bytes)?.revision ?? -1;
  return equalBytes(value, standing.value) || revision(value) > revision(standing.value);
}
