import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import { readSettings } from '../../src/startup/settings.js';
import { StateFiles } from '../../src/startup/state-files.js';

function make(environment: Record<string, string> = {}) {
  const disk = new SimulatedDisk();
  const files = new StateFiles(readSettings(environment, '/srv'), disk, new SeededEntropy(1));
  const release = files.take();
  return { disk, files, release };
}

const state = {
  brokers: ['127.0.0.1:1'],
  httpAddress: 'http://127.0.0.1:3000',
  processId: 7,
  keyTopic: 'k',
};

describe('StateFiles', () => {
  it('makes the admin token once, readable by its owner only', () => {
    const { disk, files } = make();
    const token = files.adminToken();
    assert.match(token, /^[\w-]{43}$/);
    assert.equal(files.adminToken(), token);
    assert.equal(disk.statSync('/srv/data/admin-token').mode & 0o777, 0o600);
  });

  it('refuses a token file that others can read', () => {
    const { disk, files } = make();
    disk.replaceFileSync('/srv/data/admin-token', Buffer.from('x'.repeat(20)), 0o644);
    assert.throws(() => files.adminToken(), { code: 'ADMIN_TOKEN_OPEN' });
  });

  it('writes no file for a token that is given', () => {
    const { disk, files } = make({ OUBLIETTE_ADMIN_TOKEN: '0123456789abcdef' });
    assert.equal(files.adminToken(), '0123456789abcdef');
    assert.equal(disk.existsSync('/srv/data/admin-token'), false);
  });

  it('refuses master keys that a link leads into the data directory', () => {
    class LinkedDisk extends SimulatedDisk {
      override realPathSync(path: string): string {
        return path.replace('/srv/link/', '/srv/data/');
      }
    }
    const disk = new LinkedDisk();
    const settings = readSettings({ OUBLIETTE_MASTER_KEYS: '/srv/link/keys.json' }, '/srv');
    const files = new StateFiles(settings, disk, new SeededEntropy(1));
    files.take();
    assert.throws(() => files.ensureMasterKeys(() => undefined), { code: 'MASTER_KEYS_IN_DATA_DIR' });
    assert.equal(disk.existsSync('/srv/link/keys.json'), false);
  });

  it('makes master keys for a new deployment only, and says so', () => {
    const { disk, files } = make();
    const warnings: string[] = [];
    files.ensureMasterKeys((message) => warnings.push(message));
    files.ensureMasterKeys((message) => warnings.push(message));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /\/srv\/master-keys\/keys\.json/);
    files.writeState(state);
    disk.removeFileSync('/srv/master-keys/keys.json');
    assert.throws(() => files.ensureMasterKeys(() => assert.fail()), { code: 'MASTER_KEY_MISSING' });
    assert.equal(disk.existsSync('/srv/master-keys/keys.json'), false);
  });

  it('writes what other programs need, and no secret', () => {
    const { disk, files } = make();
    const token = files.adminToken();
    files.writeState(state);
    const text = Buffer.from(disk.readFileSync('/srv/data/oubliette.json')).toString();
    const path = '/srv/master-keys/keys.json';
    assert.deepEqual(JSON.parse(text), { ...state, masterKeys: `file:${path}`, masterKeysFile: path });
    assert.equal(text.includes(token), false);
  });

  it('makes no master keys but in a file, and tells where others are', () => {
    const { disk, files } = make({ OUBLIETTE_MASTER_KEYS: 'env:KEYS' });
    files.ensureMasterKeys(() => assert.fail());
    files.writeState(state);
    const text = Buffer.from(disk.readFileSync('/srv/data/oubliette.json')).toString();
    assert.deepEqual(JSON.parse(text), { ...state, masterKeys: 'env:KEYS' });
    assert.equal(disk.existsSync('/srv/master-keys'), false);
  });

  it('lets one sample at a time have a data directory', () => {
    const { disk, release } = make();
    const second = new StateFiles(readSettings({}, '/srv'), disk, new SeededEntropy(2));
    assert.throws(() => second.take(), { code: 'DATA_DIR_LOCKED' });
    release();
    second.take()();
  });
});
