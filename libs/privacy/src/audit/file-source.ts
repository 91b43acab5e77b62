import { isSegmentName, packedBatches } from '@oubliette/kafka';
import type { Disk, DiskFile } from '@oubliette/runtime';
import type { AuditContent, AuditGap, AuditSource, AuditSourceKind } from './audit-source.js';

const PIECE = 64 * 1024;

/**
 * Files, and everything below directories, also their names. Of Kafka's segments compressed batches are unpacked. A link to a directory is named and not followed. Every file is read up to the
 * size it has when it is opened. What `paths` names and is not there is told as such.
 */
export function fileSource(options: {
  readonly name: string;
  readonly disk: Disk;
  readonly paths: readonly string[];
  /** Default `file`. */
  readonly kind?: AuditSourceKind;
  /** Whether one of `paths` may be missing, as a write-ahead log is at times; default false. */
  readonly mayBeMissing?: boolean;
}): AuditSource {
  const { name, kind = 'file', disk, paths, mayBeMissing = false } = options;
  return {
    name,
    kind,
    async *entries() {
      for (const path of paths) {
        if (disk.existsSync(path)) yield* below(disk, path);
        else if (!mayBeMissing) yield { place: path, unseen: 'does not exist', failed: true };
      }
    },
  };
}

async function* below(disk: Disk, top: string): AsyncGenerator<AuditContent | AuditGap, void, undefined> {
  const open: { path: string; isLinkTarget: boolean }[] = [{ path: top, isLinkTarget: true }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { path, isLinkTarget } = at;
    const kind = kindOf(disk, path);
    if (kind === 'gone')
      yield { place: path, unseen: 'gone before it was read, or a link to nowhere', failed: false };
    else if (typeof kind === 'object')
      yield { place: path, unseen: `cannot be read (${kind.code})`, failed: true };
    else if (kind === 'file') yield* fileAt(disk, path);
    else if (!isLinkTarget)
      yield { place: path, unseen: 'a link to a directory: name its target', failed: false };
    else {
      const listed = listOf(disk, path);
      if ('code' in listed) {
        yield { place: path, unseen: `cannot be listed (${listed.code})`, failed: listed.code !== 'ENOENT' };
        continue;
      }
      for (const { name, kind: entry } of [...listed].sort((a, b) => (a.name < b.name ? 1 : -1)))
        open.push({ path: `${path.replace(/\/$/, '')}/${name}`, isLinkTarget: entry === 'directory' });
    }
  }
}

/** Its name is content too. Pipes and sockets have no size, and opening one would wait for a writer. */
async function* fileAt(disk: Disk, path: string): AsyncGenerator<AuditContent | AuditGap, void, undefined> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  yield { place: `${path} (its name)`, content: Buffer.from(name, 'utf8') };
  yield { place: path, content: piecesOf(disk, path) };
  if (isSegmentName(name)) yield* batchesOf(disk, path);
}

/** What cannot be opened was named when its bytes were asked for. */
async function* batchesOf(
  disk: Disk,
  path: string,
): AsyncGenerator<AuditContent | AuditGap, void, undefined> {
  const file = opened(disk, path);
  if ('code' in file) return;
  try {
    for await (const batch of packedBatches(file)) {
      const place = `${path}, compressed batch at byte ${batch.position}`;
      if ('code' in batch) yield { place, unseen: `does not unpack (${batch.code})`, failed: false };
      else yield { place, content: batch.records };
    }
  } finally {
    file.closeSync();
  }
}

function opened(disk: Disk, path: string): DiskFile | Failure {
  try {
    return disk.openSync(path, 'read');
  } catch (error) {
    return asFailure(error);
  }
}

async function* piecesOf(disk: Disk, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (disk.statSync(path).size === 0) return;
  const file = disk.openSync(path, 'read');
  try {
    const size = file.size();
    const buffer = new Uint8Array(Math.min(PIECE, size));
    for (let position = 0; position < size;) {
      const read = await file.read(buffer, 0, Math.min(buffer.length, size - position), position);
      if (read === 0) return;
      position += read;
      yield buffer.subarray(0, read);
    }
  } finally {
    file.closeSync();
  }
}

type Failure = { readonly code: string };

function kindOf(disk: Disk, path: string): 'file' | 'directory' | 'gone' | Failure {
  try {
    return disk.statSync(path).kind;
  } catch (error) {
    const failure = asFailure(error);
    return failure.code === 'ENOENT' ? 'gone' : failure;
  }
}

function listOf(disk: Disk, path: string): ReturnType<Disk['listSync']> | Failure {
  try {
    return disk.listSync(path);
  } catch (error) {
    return asFailure(error);
  }
}

function asFailure(error: unknown): Failure {
  if (error instanceof Error && 'code' in error) return { code: String(error.code) };
  throw error;
}
