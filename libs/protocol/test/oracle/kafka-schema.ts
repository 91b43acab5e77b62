import { fileURLToPath } from 'node:url';
import { askJava, type OraclePaths } from './oracle-process.js';

/** A message's definition as Kafka's jar holds it. */
export interface KafkaField {
  readonly name: string;
  readonly type: string;
  /** Where it is missing, those of `taggedVersions`. */
  readonly versions?: string;
  readonly taggedVersions?: string;
  readonly nullableVersions?: string;
  readonly fields?: readonly KafkaField[];
}

export interface KafkaMessage {
  readonly name: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly fields: readonly KafkaField[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly KafkaField[] }[];
}

export const PROTOCOL_ORACLE = fileURLToPath(
  new URL('../../../test/oracle/ProtocolOracle.java', import.meta.url),
);

/** The definitions of these messages, out of the kafka-clients jar. */
export async function loadKafkaSchemas(
  paths: OraclePaths,
  names: readonly string[],
): Promise<Map<string, KafkaMessage>> {
  const answers = await askJava(
    PROTOCOL_ORACLE,
    paths.kafkaLibs,
    [],
    names.map((name) => `schema ${name}`),
  );
  return new Map(
    answers.map((answer, index) => {
      const text = Buffer.from(answer, 'base64').toString('utf8');
      return [names[index] ?? '', JSON.parse(withoutComments(text)) as KafkaMessage];
    }),
  );
}

/** The definitions have comments on lines of their own. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*\/\//.test(line))
    .join('\n');
}
