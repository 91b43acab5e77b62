import * as fs from 'node:fs';
import { DiskError } from './errors.js';
import { asDiskError } from './system-file.js';

/** A stale lock is taken over; each attempt loses only to another process that won, so few are needed. */
const attempts = 5;

/**
 * A lock file that names its holder: process id, its start time and the boot it belongs to, so that a process id which
 * was given to another process, or a reboot, does not keep the lock; and its own inode, so that a copy of the directory is not
 * kept by the holder of the original. Processes in different containers cannot see each
 * other: one directory must not be mounted into two.
 */
export function lockFile(path: string): () => void {
  const holder = describeProcess(process.pid);
  const draft = `${path}.${process.pid}`;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const mine = tryCreate(path, draft, holder);
    if (mine !== null) return () => release(path, mine);
    const found = readOrNull(path);
    if (found === null) continue;
    if (isAlive(found) && !isCopy(path, found)) throw lockedBy(path, found);
    takeAway(path, `${draft}.stale`, found);
  }
  throw lockedBy(path, readOrNull(path) ?? 'another process');
}

/** A hard link appears with its content complete, or not at all. Returns the content, null when there is a lock already. */
function tryCreate(path: string, draft: string, holder: string): string | null {
  const content = asDiskError('lock', path, () => writeDraft(draft, holder));
  try {
    fs.linkSync(draft, path);
    return content;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return null;
    return asDiskError('lock', path, () => {
      throw error;
    });
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

function writeDraft(draft: string, holder: string): string {
  const file = fs.openSync(draft, 'w', 0o600);
  try {
    const content = `${holder} ${fs.fstatSync(file, { bigint: true }).ino}\n`;
    fs.writeSync(file, content);
    return content;
  } finally {
    fs.closeSync(file);
  }
}

/** Removes a stale lock, unless another process replaced it meanwhile: then that one is put back. */
function takeAway(path: string, aside: string, stale: string): void {
  try {
    fs.renameSync(path, aside);
    if (fs.readFileSync(aside, 'utf8') !== stale) fs.linkSync(aside, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'EEXIST')
      asDiskError('lock', path, () => {
        throw error;
      });
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

function release(path: string, mine: string): void {
  if (readOrNull(path) === mine) asDiskError('unlock', path, () => fs.rmSync(path, { force: true }));
}

function describeProcess(pid: number): string {
  return `${pid} ${startTimeOf(pid)} ${readOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? '-'}`;
}

/** The fields of /proc/PID/stat from the third on (man 5 proc), none where there is no /proc. */
function statOf(pid: number): readonly string[] {
  const stat = readOrNull(`/proc/${pid}/stat`);
  // The second field is the command in parentheses and may hold blanks.
  return stat === null ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Field 22, in clock ticks since boot; '-' where there is no /proc. */
function startTimeOf(pid: number): string {
  return statOf(pid)[19] ?? '-';
}

/** Field 3: a zombie (Z) or dead process (X) holds nothing any more, though its parent has not asked for its end yet. */
function hasEnded(pid: number): boolean {
  const state = statOf(pid)[0];
  return state === 'Z' || state === 'X';
}

function isAlive(content: string): boolean {
  const [number, startTime, boot] = content.trimEnd().split(' ');
  const pid = Number(number);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (gone) return false;
  }
  return !hasEnded(pid) && describeProcess(pid) === `${pid} ${startTime} ${boot}`;
}

/** Whether the file is another one than its holder made; one that does not say which may be the holder's. */
function isCopy(path: string, content: string): boolean {
  const inode = content.trimEnd().split(' ')[3];
  if (inode === undefined) return false;
  const found = fs.statSync(path, { bigint: true, throwIfNoEntry: false });
  return found !== undefined && String(found.ino) !== inode;
}

function lockedBy(path: string, holder: string): DiskError {
  const pid = holder.split(' ')[0];
  return new DiskError(
    'ELOCKED',
    'lock',
    path,
    `Process ${pid} holds it: stop that process, or use another directory.`,
  );
}

function readOrNull(path: string): string | null {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH: the process of a /proc file ended between open and read.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
