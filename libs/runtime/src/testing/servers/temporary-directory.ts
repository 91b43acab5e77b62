import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory {
  readonly path: string;
  /** Removes it with everything below; harmless when it is gone. */
  remove(): void;
}

/** Makes an empty directory of one's own under the system's directory for temporary files. */
export function temporaryDirectory(prefix = 'oubliette-'): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), prefix));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
