import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { erasureWays, type ErasedTopic, type ErasureWay } from '@oubliette/privacy';
import { OublietteError } from '../errors.js';
import type { OublietteFeatureOptions } from '../module/options.js';
import { topicExtras } from './pattern-extras.js';

/** Somebody who says how a topic's records end. */
interface Declaration {
  /** For messages. */
  readonly place: string;
  readonly topic: string | RegExp;
  readonly erasure: ErasureWay;
}

/** The topics whose records end by more than their keys, each once. Throws `HANDLER_INVALID`. */
export function declaredErasures(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  features: readonly OublietteFeatureOptions[],
): ErasedTopic[] {
  const known = new Map<string, Declaration>();
  for (const declaration of [...byHandlers(discovery, scanner), ...byFeatures(features)]) {
    const topic = nameOf(declaration);
    const other = known.get(topic);
    if (other !== undefined && other.erasure !== declaration.erasure)
      throw differing(topic, other, declaration);
    known.set(topic, declaration);
  }
  return [...known].flatMap(([topic, { erasure }]) => (erasure === 'keys' ? [] : [{ topic, way: erasure }]));
}

function byHandlers(discovery: DiscoveryService, scanner: MetadataScanner): Declaration[] {
  return topicExtras(discovery, scanner).flatMap(({ oubliette: { topic, options, controller, method } }) => {
    const place = `${controller.constructor.name}.${String(method)}`;
    return options.erasure === undefined ? [] : [{ place, topic, erasure: options.erasure }];
  });
}

function byFeatures(features: readonly OublietteFeatureOptions[]): Declaration[] {
  return features
    .flatMap(({ topics }) => topics ?? [])
    .flatMap(({ name: topic, erasure }) =>
      erasure === undefined ? [] : [{ place: 'forFeature', topic, erasure }],
    );
}

function nameOf({ place, topic, erasure }: Declaration): string {
  if (!erasureWays.includes(erasure))
    throw new OublietteError(
      'HANDLER_INVALID',
      `${place}: erasure '${String(erasure)}' of topic ${String(topic)} is none; it is one of ${erasureWays.join(', ')}.`,
    );
  if (typeof topic === 'string') return topic;
  throw new OublietteError(
    'HANDLER_INVALID',
    `${place}: erasure is declared for a regular expression, and topics that appear later would be missed. Name the topics.`,
  );
}

function differing(topic: string, one: Declaration, other: Declaration): OublietteError {
  return new OublietteError(
    'HANDLER_INVALID',
    `Topic ${topic}: ${one.place} declares erasure '${one.erasure}', and ${other.place} declares '${other.erasure}'. Declare the same in both, or in one alone.`,
  );
}
