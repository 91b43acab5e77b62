import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock, SeededEntropy, SimulatedDisk } from '@oubliette/runtime/testing';
import {
  createMasterKeyFile,
  KeyringError,
  masterKeyPlaceText,
  openMasterKeys,
  parseMasterKeyPlace,
  type MasterKeyPlace,
} from '../../src/index.js';

test('a place is a path, or a scheme and what it needs', () => {
  const places: [string, unknown][] = [
    ['/srv/keys.json', { kind: 'file', path: '/srv/keys.json' }],
    [' keys/keys.json ', { kind: 'file', path: 'keys/keys.json' }],
    ['file:keys.json', { kind: 'file', path: 'keys.json' }],
    ['file:transit:x', { kind: 'file', path: 'transit:x' }],
    ['env:OUBLIETTE_KEYS', { kind: 'environment', variable: 'OUBLIETTE_KEYS' }],
    [
      'transit:https://bao.example:8200/transit/oubliette?token-file=/run/token',
      {
        kind: 'transit',
        settings: {
          address: 'https://bao.example:8200',
          mount: 'transit',
          key: 'oubliette',
          token: { file: '/run/token' },
        },
      },
    ],
    [
      'transit:http://bao:8200/teams/one/transit/k.1?token-variable=BAO_TOKEN&namespace=eu/%C3%BC&allow-plain-http=true',
      {
        kind: 'transit',
        settings: {
          address: 'http://bao:8200',
          mount: 'teams/one/transit',
          key: 'k.1',
          token: { variable: 'BAO_TOKEN' },
          namespace: 'eu/ü',
          allowPlainHttp: true,
        },
      },
    ],
    ['kms:alias/oubliette', { kind: 'kms', settings: { alias: 'alias/oubliette' } }],
    [
      'kms:alias/oubliette/prod?region=eu-central-1&endpoint=http://127.0.0.1:4566&deletion-wait-days=30',
      {
        kind: 'kms',
        settings: {
          alias: 'alias/oubliette/prod',
          region: 'eu-central-1',
          endpoint: 'http://127.0.0.1:4566',
          deletionWaitDays: 30,
        },
      },
    ],
  ];
  for (const [text, place] of places) {
    assert.deepEqual(parseMasterKeyPlace(text), place, text);
    assert.deepEqual(parseMasterKeyPlace(masterKeyPlaceText(place as MasterKeyPlace)), place, text);
  }
});

test('what is not a place is refused, and never repeated', () => {
  const texts = [
    '',
    'file:',
    'env:',
    'env:NOT-A-NAME',
    'transit:hunter2',
    'transit:https://bao.example:8200/transit/k',
    'transit:https://bao.example:8200/transit/k?token-file=/a&token-variable=B',
    'transit:https://bao.example:8200/transit/k?token=hunter2',
    'transit:https://bao.example:8200/transit/k?token-file=/a&token-file=/hunter2',
    'transit:https://user:hunter2@bao.example:8200/transit/k?token-file=/a',
    'transit:https://bao.example:8200/k?token-file=/hunter2',
    'transit:https://bao.example:8200/transit/?token-file=/hunter2',
    'transit:https://bao.example:8200/transit/..%2fhunter2?token-file=/a',
    'transit:ftp://bao.example/transit/k?token-file=/hunter2',
    'transit:http://bao.example:8200/transit/k?token-file=/hunter2',
    'transit:http://127.0.0.1.example:8200/transit/k?token-file=/hunter2',
    'transit:https://bao.example:8200/transit/k?token-file=/a&allow-plain-http=hunter2',
    'kms:',
    'kms:hunter2',
    'kms:alias/aws/s3',
    'kms:alias/a/?region=x',
    'kms:alias/a?region=',
    'kms:alias/a?deletion-wait-days=6',
    'kms:alias/a?deletion-wait-days=hunter2',
    'kms:alias/a?endpoint=hunter2',
    'kms:alias/a?endpoint=https://hunter2@kms.example',
    'kms:alias/a?a=b?c=hunter2',
    `1:${'hunter2'.padEnd(43, 'A')}=`,
    `1:${'A'.repeat(43)}=, 2:${'hunter2'.padEnd(43, 'A')}=`,
  ];
  for (const text of texts) {
    assert.throws(
      () => parseMasterKeyPlace(text),
      (error: unknown) =>
        error instanceof KeyringError &&
        error.code === 'MASTER_KEY_SETTING_INVALID' &&
        !error.message.includes('hunter2'),
      text,
    );
  }
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]'])
    parseMasterKeyPlace(`transit:http://${host}:8200/transit/k?token-file=/t`);
});

test('a place opens as what it names', async () => {
  const disk = new SimulatedDisk();
  createMasterKeyFile('/keys/keys.json', disk, new SeededEntropy(1));
  const environment = { KEYS: `7:${Buffer.alloc(32, 1).toString('base64')}` };
  const ports = { disk, entropy: new SeededEntropy(2), clock: new ManualClock(), environment };
  assert.equal((await openMasterKeys('/keys/keys.json', ports)).current.epoch, 1);
  assert.equal((await openMasterKeys('file:/keys/keys.json', ports)).current.epoch, 1);
  assert.equal((await openMasterKeys('env:KEYS', ports)).current.epoch, 7);
  assert.deepEqual(environment, {});
});
