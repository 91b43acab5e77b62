import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseProperties } from '../../src/config/properties.js';

// The expected values are what java.util.Properties gives for the same text.
test('reads what Java reads', () => {
  const text = [
    '# a comment',
    '  ! another',
    '',
    'a=1',
    'b : two words ',
    'c   3',
    'd',
    'listeners=PLAINTEXT://:9092,\\',
    '    SSL://:9093',
    'e\\ f\\==g\\th\\u00e9',
    'path=C\\\\dir',
    'twice=1',
    'twice=2',
    'x==y',
  ].join('\r\n');
  assert.deepEqual(parseProperties(text), {
    a: '1',
    b: 'two words ',
    c: '3',
    d: '',
    listeners: 'PLAINTEXT://:9092,SSL://:9093',
    'e f=': 'g\thé',
    path: 'C\\dir',
    twice: '2',
    x: '=y',
  });
});
