import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { brokerDefinitions } from '../../src/config/broker-definitions.js';
import type { ConfigDefinition } from '../../src/config/definition.js';
import { groupDefinitions } from '../../src/config/group-definitions.js';
import { topicDefinitions } from '../../src/config/topic-definitions.js';

/* Our tables of configurations against Kafka's own classes: names, types, defaults, rules, synonyms, ways of change. */

interface Row {
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
  readonly range: string | null;
  readonly internal: boolean;
}

interface Tables {
  readonly topic: readonly Row[];
  readonly broker: readonly Row[];
  readonly group: readonly Row[];
  readonly synonyms: Readonly<Record<string, readonly string[]>>;
  readonly updateModes: Readonly<Record<string, string>>;
}

const libs = process.env['OUBLIETTE_KAFKA_LIBS'];

function kafkasTables(): Tables {
  const program = fileURLToPath(new URL('../../../test/config/ConfigTables.java', import.meta.url));
  const { status, stdout, stderr } = spawnSync('java', ['-cp', `${libs}/*`, program], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Tables;
}

const rowOf = ({ name, type, defaultValue, check }: ConfigDefinition, internal: boolean): Row => ({
  name,
  type: type.toUpperCase(),
  default: defaultValue,
  range: check?.rule ?? null,
  internal,
});

/** What has no default in Kafka must be set; here it is, by the bundled settings. */
const kafkasRow = ({ name, type, default: value, range, internal }: Row): Row => ({
  name,
  type,
  default: value === '<required>' ? null : value,
  range,
  internal,
});

test('the tables say what the classes of Kafka say', { skip: libs === undefined }, () => {
  const kafka = kafkasTables();
  assert.deepEqual(
    topicDefinitions.map((definition) => rowOf(definition, definition.internal)),
    kafka.topic.map(kafkasRow),
  );
  assert.deepEqual(
    brokerDefinitions.map((definition) => rowOf(definition, definition.internal)),
    kafka.broker.map(kafkasRow),
  );
  assert.deepEqual(
    groupDefinitions.map((definition) => rowOf(definition, false)),
    kafka.group.map(kafkasRow),
  );
  for (const { name, synonyms } of topicDefinitions)
    assert.deepEqual(synonyms, kafka.synonyms[name] ?? [], name);
  const modes = brokerDefinitions.filter(({ update }) => update !== 'read-only');
  assert.deepEqual(
    Object.fromEntries(modes.map(({ name, update }) => [name, update])),
    Object.fromEntries(Object.entries(kafka.updateModes).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
});
