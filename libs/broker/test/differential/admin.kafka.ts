import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kafkaLibs } from '../support/live-kafka.js';
import { askAboutAltering } from './alter-steps.js';
import { askAboutDescribing } from './describe-steps.js';
import { askAboutMetadata } from './metadata-steps.js';
import { askAboutSettings } from './setting-steps.js';
import { askAboutTopics } from './topic-steps.js';
import { TwoEngines, type Difference } from './two-engines.js';

/*
 * The same requests to this broker and to Apache Kafka 4.1.1, in raw frames: the answers are equal but for ids and addresses.
 */

/** Where the answers differ, and why. */
const known: readonly (readonly [RegExp, string])[] = [
  [/^whole: one resource twice/, 'Kafka never answers; ours refuses both'],
  [/^describe an unknown kind/, 'Kafka has a text for any bad request, ours names the kind'],
  [
    /^incremental: topic retention.ms=9{40}$/,
    "Kafka's broker fails to forward so long a value and closes the connection",
  ],
];

/** Where only the words differ, and why. */
const otherWords: readonly (readonly [RegExp, string])[] = [
  [/ listener(s|\.security\.protocol\.map)=/, 'ours changes no listener while it runs, Kafka looks into it'],
  [/ log\.cleaner\.threads=0 /, "Kafka's words are '/ by zero'"],
];

/** The code of a change of one resource. */
const codeOf = (answer: unknown): unknown =>
  (answer as { responses?: { errorCode: number }[] }).responses?.[0]?.errorCode;

const isKnown = ({ what, ours, kafkas }: Difference): boolean =>
  known.some(([pattern]) => pattern.test(what)) ||
  (otherWords.some(([pattern]) => pattern.test(what)) && codeOf(ours) === codeOf(kafkas));

/** Of the thousands of values for settings a quick run takes one in so many. */
const share = process.env['OUBLIETTE_FULL'] === '1' ? 1 : 8;

test(
  'both engines answer alike about topics and configurations',
  { skip: kafkaLibs === undefined },
  async (t) => {
    const engines = await TwoEngines.start(t);
    await engines.create('alter', 'describe');
    await askAboutDescribing(engines);
    await askAboutTopics(engines);
    await askAboutMetadata(engines);
    await askAboutAltering(engines);
    await askAboutSettings(engines, share);
    assert.deepEqual(
      engines.differences.filter((difference) => !isKnown(difference)),
      [],
    );
  },
);
