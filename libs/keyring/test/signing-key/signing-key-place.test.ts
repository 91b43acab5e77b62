import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyringError, parseSigningKeyPlace } from '../../src/index.js';

test('a signing key is a file, or in a Transit service', () => {
  const settings = { address: 'https://bao.example:8200', mount: 'transit', key: 'certificates' };
  const places: [string, unknown][] = [
    ['/srv/certificate.pem', { kind: 'file', path: '/srv/certificate.pem' }],
    [' file:certificate.pem ', { kind: 'file', path: 'certificate.pem' }],
    [
      'transit:https://bao.example:8200/transit/certificates?token-file=/run/token',
      { kind: 'transit', settings: { ...settings, token: { file: '/run/token' } } },
    ],
  ];
  for (const [text, place] of places) assert.deepEqual(parseSigningKeyPlace(text), place, text);
});

test('what is not the place of a signing key is refused, and never repeated', () => {
  const texts: [string, RegExp][] = [
    ['', /^The place of the signing key is empty/],
    ['file:', /empty/],
    ['env:HUNTER2', /^No key signs in env/],
    ['kms:alias/hunter2', /AWS KMS signs 4,096 bytes at most/],
    ['-----BEGIN PRIVATE KEY-----\nhunter2', /key itself/],
    ['transit:hunter2', /^The place of the signing key is not of the form transit:/],
    ['transit:https://bao.example/transit/k?token=hunter2', /^The place of the signing key has a parameter/],
    ['transit:https://u:hunter2@bao.example/transit/k?token-file=/a', /no name and no password/],
    ['transit:http://bao.example/transit/hunter2?token-file=/a', /in clear/],
  ];
  for (const [text, message] of texts)
    assert.throws(
      () => parseSigningKeyPlace(text),
      (error: unknown) =>
        error instanceof KeyringError &&
        error.code === 'SIGNING_KEY_SETTING_INVALID' &&
        message.test(error.message) &&
        !error.message.toLowerCase().includes('hunter2'),
      text,
    );
});
