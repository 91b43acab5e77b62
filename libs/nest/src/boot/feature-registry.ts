import { Injectable } from '@nestjs/common';
import type { OublietteFeatureOptions } from '../module/options.js';

/** What the `forFeature` calls of an application declared. */
@Injectable()
export class FeatureRegistry {
  readonly #features: OublietteFeatureOptions[] = [];

  add(feature: OublietteFeatureOptions): void {
    this.#features.push(feature);
  }

  all(): readonly OublietteFeatureOptions[] {
    return this.#features;
  }
}
