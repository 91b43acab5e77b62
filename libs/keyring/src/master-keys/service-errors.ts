import type { KeyringError } from '../errors.js';
import { masterKeyRefused, masterKeySettingInvalid, masterKeyUnavailable } from './master-key-errors.js';

/** How the errors of a key service read, by what its keys are for. */
export interface ServiceErrors {
  /** With its article, as in "the master-key service". */
  readonly service: string;
  /** The page that lists what a token needs. */
  readonly page: string;
  /** Nobody answered in time, or somebody said "later". `what` says which, without any secret. */
  readonly unavailable: (place: string, what: string) => KeyringError;
  /** Somebody answered no. `what` says why and what to do. */
  readonly refused: (place: string, what: string) => KeyringError;
  readonly settingInvalid: (what: string) => KeyringError;
}

export const masterKeyErrors: ServiceErrors = {
  service: 'the master-key service',
  page: 'docs/master-keys.md',
  unavailable: (place, what) => masterKeyUnavailable(place, what),
  refused: masterKeyRefused,
  settingInvalid: masterKeySettingInvalid,
};
