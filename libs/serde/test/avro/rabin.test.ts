import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc64Avro } from '../../src/avro/rabin.js';

describe('CRC-64-AVRO', () => {
  // From share/test/data/schema-tests.txt of Apache Avro: signed 64-bit fingerprints of canonical schemas.
  const known: readonly [string, bigint][] = [
    ['"null"', 7195948357588979594n],
    ['"boolean"', -6970731678124411036n],
    ['"int"', 8247732601305521295n],
    ['"long"', -3434872931120570953n],
    ['"float"', 5583340709985441680n],
    ['"double"', -8181574048448539266n],
    ['"bytes"', 5746618253357095269n],
    ['"string"', -8142146995180207161n],
  ];
  for (const [schema, fingerprint] of known) {
    it(`agrees with Apache Avro on ${schema}`, () => {
      assert.equal(BigInt.asIntN(64, crc64Avro(Buffer.from(schema))), fingerprint);
    });
  }
});
