import {
  decodeDeploymentRecord,
  decodeSecrets,
  deploymentContext,
  encodeDeploymentRecord,
  encodeSecrets,
  wipeSecrets,
  type DeploymentRecord,
  type DeploymentSecrets,
  type DeploymentTurn,
} from './deployment-record.js';
import type { EntropyPool } from './crypto/entropy-pool.js';
import { KeyringError } from './errors.js';
import { toHex } from './hex.js';
import type { KeyLog } from './key-log.js';
import type { MasterKeyCall, MasterKeys } from './master-keys/master-keys.js';
import { deploymentName, parseRecordKey } from './record-keys.js';
import { KEY_BYTES } from './crypto/sodium.js';

/** All deployment records stand in this partition. */
export const deploymentPartition = 0;
const ID_BYTES = 8;
/** Records carried one in the other: turns that were begun while the one before had not ended. */
const MAX_CARRIED = 8;

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
  readonly masterKeys: MasterKeys;
  readonly entropy: EntropyPool;
}

/**
 * The secrets of the deployment that owns the key log; makes them when the log is empty (SPEC.md, section 7).
 * Several first starts at once agree on the record that stands first; the others' are tombstoned.
 * Rejects with `MASTER_KEY_MISMATCH`, `DEPLOYMENT_MISSING`, `DEPLOYMENT_RECORD_INVALID` or `PARTITION_COUNT_CHANGED`.
 */
export async function settleDeployment(around: Surroundings): Promise<Deployment> {
  const { log, masterKeys } = around;
  let ownId: string | null = null;
  let standing = await standingCandidates(log);
  if (standing.length === 0 && (await holdsRecords(log))) {
    // Another first start may have written its record since, and users' behind it.
    standing = await standingCandidates(log);
    if (standing.length === 0) throw orphaned();
  }
  if (standing.length === 0) {
    ownId = await foundDeployment(around);
    standing = await standingCandidates(log);
  }
  const winner = pickWinner(standing);
  if (!winner) {
    throw new KeyringError(
      'DEPLOYMENT_MISSING',
      'The deployment record was written but did not come back from the key topic: check who else writes to it.',
    );
  }
  try {
    const secrets = await unlockDeployment(masterKeys, log.partitionCount, winner);
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
async function standingCandidates(log: KeyLog): Promise<Candidate[]> {
  const candidates = new Map<string, Candidate>();
  for await (const { offset, key, value } of log.records(deploymentPartition)) {
    const name = parseRecordKey(key);
    if (name?.kind !== 'deployment') continue;
    if (value === null) candidates.delete(name.id);
    else {
      const before = candidates.get(name.id);
      const copy = value.slice();
      const record = decodeDeploymentRecord(copy);
      // A late revision takes nothing back; of two that are equal the later stands, as compaction leaves it.
      if (before && (before.record?.revision ?? -1) > (record?.revision ?? Infinity)) continue;
      candidates.set(name.id, {
        id: name.id,
        firstOffset: before?.firstOffset ?? offset,
        record,
        value: copy,
      });
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

/**
 * A second secret over existing users would orphan them all: nobody could find, read or forget them any more. Nudges alone are no
 * records of a deployment.
 */
async function holdsRecords(log: KeyLog): Promise<boolean> {
  for (let partition = 0; partition < log.partitionCount; partition++) {
    for await (const { key } of log.records(partition)) {
      const kind = parseRecordKey(key)?.kind;
      if (kind !== undefined && kind !== 'nudge') return true;
    }
  }
  return false;
}

function orphaned(): KeyringError {
  return new KeyringError(
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
  const facts = { revision: 0, masterKey: fingerprint, turn: null };
  const wrapped = await masterKeys.wrap(deploymentContext(id, facts), plain);
  for (const secret of [root, wrappingKey.key, plain]) secret.fill(0);
  const value = encodeDeploymentRecord({ ...facts, wrapped });
  await log.append(deploymentPartition, [{ key: deploymentName(id), value }]);
  return id;
}

/**
 * The encoded secrets of a deployment record, without those of a record that it carries, the caller's to wipe; null when they do not open.
 * Rejects as the master keys do.
 */
export async function unwrapDeployment(
  masterKeys: MasterKeys,
  { id, value }: StandingDeployment,
  options?: MasterKeyCall,
): Promise<Uint8Array | null> {
  const record = decodeDeploymentRecord(value);
  if (!record) return null;
  return masterKeys.unwrap(record.masterKey, deploymentContext(id, record), record.wrapped, options);
}

/**
 * Opens a deployment record's secrets. Rejects with `DEPLOYMENT_RECORD_INVALID`, `PARTITION_COUNT_CHANGED`, or with what the master keys
 * reject with.
 */
export async function unlockDeployment(
  masterKeys: MasterKeys,
  partitionCount: number,
  deployment: StandingDeployment,
): Promise<DeploymentSecrets> {
  const { id } = deployment;
  const secrets = await unlockAll(masterKeys, deployment, 0);
  if (!secrets) {
    throw new KeyringError(
      'DEPLOYMENT_RECORD_INVALID',
      `The deployment record ${id} in partition ${deploymentPartition} of the key topic was changed or is not readable: restore the topic.`,
    );
  }
  if (secrets.partitionCount !== partitionCount) {
    throw new KeyringError(
      'PARTITION_COUNT_CHANGED',
      `The key topic was made with ${secrets.partitionCount} partitions and has ${partitionCount} now: users would be looked for in the wrong one. Restore the topic with its first count.`,
    );
  }
  return secrets;
}

/** The secrets with those of the records carried, in the order in which the wrapping keys count; null when one does not open. */
async function unlockAll(
  masterKeys: MasterKeys,
  deployment: StandingDeployment,
  depth: number,
): Promise<DeploymentSecrets | null> {
  const plain = await unwrapDeployment(masterKeys, deployment);
  const own = plain && decodeSecrets(plain);
  plain?.fill(0);
  const turn = decodeDeploymentRecord(deployment.value)?.turn;
  if (!own || !turn) return own;
  const before =
    depth < MAX_CARRIED
      ? await orWipe(own, unlockAll(masterKeys, { id: deployment.id, value: turn.before }, depth + 1))
      : null;
  before?.root.fill(0);
  if (!before) {
    wipeSecrets(own);
    return null;
  }
  const [first, then] = turn.isInForce ? [own, before] : [before, own];
  return { ...own, wrappingKeys: [...first.wrappingKeys, ...then.wrappingKeys] };
}

async function orWipe<T>(secrets: DeploymentSecrets, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    wipeSecrets(secrets);
    throw error;
  }
}

/** The deployment record that stands in the log now. Rejects with `DEPLOYMENT_MISSING`. */
export async function standingDeployment(log: KeyLog): Promise<StandingDeployment> {
  const winner = pickWinner(await standingCandidates(log));
  if (winner) return { id: winner.id, value: winner.value };
  throw new KeyringError(
    'DEPLOYMENT_MISSING',
    'The key topic holds no deployment record any more: restore the topic before anything else is done to it.',
  );
}

/**
 * Appends the next revision of a deployment's record, wrapped by the current master key; nothing when `isWanted` says, at the last
 * moment, that the record revised is not the one that stands any more. `secrets` without those of the record that `turn` carries.
 */
export async function reviseDeployment(
  log: KeyLog,
  masterKeys: MasterKeys,
  { id, value }: StandingDeployment,
  secrets: DeploymentSecrets,
  turn: DeploymentTurn | null,
  isWanted: () => boolean,
): Promise<void> {
  const revision = (decodeDeploymentRecord(value)?.revision ?? 0) + 1;
  const facts = { revision, masterKey: masterKeys.current.fingerprint, turn };
  const plain = encodeSecrets(secrets);
  const wrapped = await masterKeys.wrap(deploymentContext(id, facts), plain);
  plain.fill(0);
  const revised = encodeDeploymentRecord({ ...facts, wrapped });
  if (!isWanted()) return;
  await log.append(deploymentPartition, [{ key: deploymentName(id), value: revised }]);
  // Nothing keeps two from revising at once: one that came late must not be what compaction leaves.
  const standing = await standingDeployment(log);
  const standingRevision = decodeDeploymentRecord(standing.value)?.revision ?? 0;
  if (standing.id === id && standingRevision > revision) {
    await log.append(deploymentPartition, [{ key: deploymentName(id), value: standing.value }]);
  }
}

async function tombstone({ log }: Surroundings, losers: readonly Candidate[]): Promise<void> {
  if (losers.length === 0) return;
  await log.append(
    deploymentPartition,
    losers.map(({ id }) => ({ key: deploymentName(id), value: null })),
  );
}

/**
 * Whether a record under the deployment's name may follow the one that stands: the same again, a later revision, or of the same one by
 * another who turned the epoch at the same time. Who opens it knows.
 */
export function mayFollow(standing: StandingDeployment, value: Uint8Array | null): boolean {
  return value !== null && revisionOf(value) >= revisionOf(standing.value);
}

/** −1 for what is no deployment record. */
export function revisionOf(value: Uint8Array): number {
  return decodeDeploymentRecord(value)?.revision ?? -1;
}
