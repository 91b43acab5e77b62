import { Injectable, Optional } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { ErasedTopic, ErasureWay } from '@oubliette/privacy';
import type { EventClassInfo } from '../decorators/encrypted-event.js';
import { OublietteError } from '../errors.js';
import { declaredErasures } from './declared-erasures.js';
import { FeatureRegistry } from './feature-registry.js';

/** What the application declares about how its topics' records end. To be asked once all of its classes are made. */
@Injectable()
export class ErasedTopics {
  #topics: ReadonlyMap<string, ErasedTopic> | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Optional() private readonly features: FeatureRegistry = new FeatureRegistry(),
  ) {}

  /** Throws `HANDLER_INVALID`. */
  all(): readonly ErasedTopic[] {
    return [...this.#declared().values()];
  }

  wayOf(topic: string): ErasureWay {
    return this.#declared().get(topic)?.way ?? 'keys';
  }

  /**
   * Throws `EVENT_CLASS_INVALID` for events of users that could not be told apart in a topic with tombstones: compaction would keep the
   * last one of each user.
   */
  assertPublishable({ spec }: EventClassInfo, topic: string): void {
    if (spec.userIdPath === null || spec.recordKeyPath !== undefined || this.wayOf(topic) !== 'tombstone')
      return;
    throw new OublietteError(
      'EVENT_CLASS_INVALID',
      `Event ${spec.type} has no @RecordKey property, and topic ${topic} is compacted (erasure 'tombstone'): of all events of a user only ` +
        'the last would stay. Put @RecordKey() on the property that tells them apart; on the @UserId() property where that is meant.',
    );
  }

  #declared(): ReadonlyMap<string, ErasedTopic> {
    this.#topics ??= new Map(
      declaredErasures(this.discovery, this.scanner, this.features.all()).map((erased) => [
        erased.topic,
        erased,
      ]),
    );
    return this.#topics;
  }
}
