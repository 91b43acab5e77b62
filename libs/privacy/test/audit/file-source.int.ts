import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DiskError, SystemDisk, type DiskFile } from '@oubliette/runtime';
import { ManualClock } from '@oubliette/runtime/testing';
import { auditLeaks, fileSource } from '../../src/index.js';

const email = 'zebedee.qwyxley@example.org';

/** Root may read everything: here it may not. */
class UnreadableDisk extends SystemDisk {
  override openSync(path: string, mode: 'read' | 'write'): DiskFile {
    if ((this.statSync(path).mode & 0o400) === 0) throw new DiskError('EACCES', 'open', path);
    return super.openSync(path, mode);
  }
}

test('what cannot be read is named, the rest is read, and a link to a directory is not followed', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'oubliette-files-'));
  try {
    writeFileSync(join(directory, '00000000000000000000.log'), email, { mode: 0 });
    writeFileSync(join(directory, 'z.log'), email);
    symlinkSync('/', join(directory, 'root'));
    symlinkSync('/nowhere', join(directory, 'lost'));
    const source = fileSource({ name: 'files', disk: new UnreadableDisk(), paths: [directory] });
    const report = await auditLeaks([source], { terms: [email] }, { clock: new ManualClock() });
    assert.deepEqual(
      report.findings.map(({ place }) => place),
      [`${directory}/z.log`],
    );
    assert.deepEqual(
      report.unseen.map(({ place, reason }) => `${place.slice(directory.length)} ${reason}`),
      [
        '/00000000000000000000.log cannot be read (EACCES)',
        '/lost gone before it was read, or a link to nowhere',
        '/root a link to a directory: name its target',
      ],
    );
    assert.equal(report.complete, false);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
