import { masterKeySettingInvalid } from '../master-key-errors.js';

/** Master keys in AWS KMS: each epoch is a key of its own, found by its alias `<alias>/epoch-<n>`. */
export interface KmsSettings {
  /** Starts with `alias/`, e.g. `alias/oubliette/production`. */
  readonly alias: string;
  /** Default: what the SDK finds (AWS_REGION, the shared configuration file). Credentials are the SDK's to find. */
  readonly region?: string;
  /** Another address than AWS's own for that region. */
  readonly endpoint?: string;
  /** How long AWS keeps a destroyed key so that its deletion can be cancelled: 7 to 30 days, default 7. */
  readonly deletionWaitDays?: number;
}

/** Throws `MASTER_KEY_SETTING_INVALID`. */
export function checkKmsSettings({ alias, endpoint, deletionWaitDays = 7 }: KmsSettings): void {
  if (!/^alias\/(?!aws\/)[\w/-]{1,200}$/.test(alias) || alias.endsWith('/'))
    throw masterKeySettingInvalid(
      'The alias of AWS KMS master keys is alias/ and letters, digits, "/", "_" and "-", not alias/aws/.',
    );
  if (endpoint !== undefined && !isBareUrl(endpoint))
    throw masterKeySettingInvalid(
      'The endpoint of AWS KMS is a URL without a name and a password, as in https://kms.example.org.',
    );
  if (!Number.isInteger(deletionWaitDays) || deletionWaitDays < 7 || deletionWaitDays > 30)
    throw masterKeySettingInvalid(
      'AWS KMS keeps a deleted key for 7 to 30 days: set deletionWaitDays to that.',
    );
}

function isBareUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === '' && password === '';
}
