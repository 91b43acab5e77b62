import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSettings } from '../../src/startup/settings.js';

describe('readSettings', () => {
  it('has defaults, with the keys beside the data', () => {
    assert.deepEqual(readSettings({}, '/srv'), {
      host: '127.0.0.1',
      port: 3000,
      dataDir: '/srv/data',
      brokers: null,
      databaseUrl: null,
      schemaRegistry: null,
      masterKeys: { kind: 'file', path: '/srv/master-keys/keys.json' },
      certificateKey: { kind: 'file', path: '/srv/master-keys/certificate.pem' },
      keysInMemory: null,
      adminToken: null,
      demoClass: true,
    });
  });

  it('reads what is given; empty is not given', () => {
    const settings = readSettings(
      {
        PORT: '0',
        DATA_DIR: '/var/d',
        OUBLIETTE_BROKERS: 'a:9092, [::1]:9093',
        DATABASE_URL: 'postgres://h/d',
        SCHEMA_REGISTRY_URL: 'https://a%40b:s%2Fc@h:8081/apis/v7/',
        OUBLIETTE_MASTER_KEYS: '../k.json',
        OUBLIETTE_KEYS_IN_MEMORY: '500000',
        OUBLIETTE_ADMIN_TOKEN: '0123456789abcdef',
        SAMPLE_CLASS: 'none',
        HOST: ' ',
      },
      '/srv/app',
    );
    assert.deepEqual(settings, {
      host: '127.0.0.1',
      port: 0,
      dataDir: '/var/d',
      brokers: ['a:9092', '[::1]:9093'],
      databaseUrl: 'postgres://h/d',
      schemaRegistry: { url: 'https://h:8081/apis/v7', auth: { username: 'a@b', password: 's/c' } },
      masterKeys: { kind: 'file', path: '/srv/k.json' },
      certificateKey: { kind: 'file', path: '/srv/certificate.pem' },
      keysInMemory: 500_000,
      adminToken: '0123456789abcdef',
      demoClass: false,
    });
  });

  it('takes a registry without a password, and no slash at the end of its URL', () => {
    const { schemaRegistry } = readSettings({ SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081/' }, '/srv');
    assert.deepEqual(schemaRegistry, { url: 'http://127.0.0.1:8081' });
  });

  it('names the variable that is wrong, and never repeats its value', () => {
    for (const [name, value] of [
      ['PORT', '65536'],
      ['PORT', '-1'],
      ['PORT', '80x'],
      ['OUBLIETTE_BROKERS', 'nowhere'],
      ['OUBLIETTE_BROKERS', 'a:1,,b:2'],
      ['DATABASE_URL', 'mysql://secret@h'],
      ['OUBLIETTE_ADMIN_TOKEN', 'tooshort'],
      ['OUBLIETTE_ADMIN_TOKEN', 'with spaces in between'],
      ['SCHEMA_REGISTRY_URL', 'registry:8081'],
      ['SCHEMA_REGISTRY_URL', 'http://a:50%@h'],
      ['SCHEMA_REGISTRY_URL', 'http://h/?secret'],
      ['OUBLIETTE_KEYS_IN_MEMORY', '0'],
      ['OUBLIETTE_KEYS_IN_MEMORY', '2e6'],
      ['SAMPLE_CLASS', 'large'],
      ['OUBLIETTE_MASTER_KEYS', 'transit:https://user:secret@bao:8200/transit/k?token-file=/t'],
      ['OUBLIETTE_CERTIFICATE_KEY', 'transit:https://user:secret@bao:8200/transit/k?token-file=/t'],
      ['OUBLIETTE_CERTIFICATE_KEY', 'kms:alias/secret'],
      ['OUBLIETTE_MASTER_KEYS', `1:${'secret'.padEnd(43, 'A')}=`],
    ] as const) {
      assert.throws(
        () => readSettings({ [name]: value }, '/srv'),
        (error: Error & { code: string }) =>
          error.code === 'SETTING_INVALID' && error.message.includes(name) && !error.message.includes(value),
      );
    }
  });

  it('refuses master keys inside the data directory, however the path is written', () => {
    for (const file of ['data/k.json', '/srv/data/deep/k.json', '/srv/x/../data/k.json', '/srv/data']) {
      assert.throws(() => readSettings({ OUBLIETTE_MASTER_KEYS: file }, '/srv'), {
        code: 'MASTER_KEYS_IN_DATA_DIR',
      });
    }
    assert.throws(() => readSettings({ DATA_DIR: '.' }, '/srv'), { code: 'MASTER_KEYS_IN_DATA_DIR' });
    assert.deepEqual(readSettings({ OUBLIETTE_MASTER_KEYS: 'database/k.json' }, '/srv').masterKeys, {
      kind: 'file',
      path: '/srv/database/k.json',
    });
  });

  it('takes any place of master keys, and refuses the token for them inside the data directory', () => {
    const placeOf = (text: string) => readSettings({ OUBLIETTE_MASTER_KEYS: text }, '/srv').masterKeys;
    assert.deepEqual(placeOf('file:keys/k.json'), { kind: 'file', path: '/srv/keys/k.json' });
    assert.deepEqual(placeOf('env:KEYS'), { kind: 'environment', variable: 'KEYS' });
    assert.deepEqual(placeOf('kms:alias/a'), { kind: 'kms', settings: { alias: 'alias/a' } });
    const transit = 'transit:https://bao:8200/transit/k?token-file=';
    const place = placeOf(`${transit}run/token`);
    assert.deepEqual(place.kind === 'transit' && place.settings.token, { file: '/srv/run/token' });
    assert.throws(() => placeOf(`${transit}data/token`), { code: 'MASTER_KEYS_IN_DATA_DIR' });
  });

  it('takes a file or a Transit service for the key of certificates, with the same care', () => {
    const placeOf = (text: string) =>
      readSettings({ OUBLIETTE_CERTIFICATE_KEY: text }, '/srv').certificateKey;
    assert.deepEqual(placeOf('keys/c.pem'), { kind: 'file', path: '/srv/keys/c.pem' });
    const transit = 'transit:https://bao:8200/transit/c?token-file=';
    const place = placeOf(`${transit}run/token`);
    assert.deepEqual(place.kind === 'transit' && place.settings.token, { file: '/srv/run/token' });
    for (const inside of ['data/c.pem', `${transit}data/token`])
      assert.throws(() => placeOf(inside), { code: 'MASTER_KEYS_IN_DATA_DIR' });
  });
});
