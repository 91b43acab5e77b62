import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

// A volume of its own in a namespace of its own: mounting needs no rights, and ends with the process.
const inNamespace = ['-rm', 'sh', '-c'];
const canMount = spawnSync('unshare', [...inNamespace, 'mount -t tmpfs tmpfs /mnt']).status === 0;
const scenario = fileURLToPath(new URL('support/full-disk-scenario.js', import.meta.url));

test(
  'on a full volume producers, commits and topics are refused, reads go on, also after a restart, and all of it works again with room',
  { skip: !canMount },
  () => {
    const volume = mkdtempSync(join(tmpdir(), 'oubliette-full-'));
    const mounted = `mount -t tmpfs -o size=4m tmpfs "${volume}" && exec "${process.execPath}" "${scenario}" "${volume}"`;
    const { status, stderr } = spawnSync('unshare', [...inNamespace, mounted], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    rmdirSync(volume);
    assert.equal(status, 0, stderr);
  },
);
