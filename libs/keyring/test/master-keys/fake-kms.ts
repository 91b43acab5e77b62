import { masterKeyRefused } from '../../src/master-keys/master-key-errors.js';
import type { KmsApi, KmsKey } from '../../src/master-keys/kms/kms-api.js';

const DAY = 86_400_000;

/** AWS KMS as its reference tells it, key states included, which no server for tests plays. */
export class FakeKms {
  readonly keys = new Map<string, { arn: string; deletionAt: number | null; disabled: boolean }>();
  readonly aliases = new Map<string, string>();
  now = 1_700_000_000_000;
  opened = 0;
  /** Called before an alias is made: what another process does in between. */
  beforeAlias: () => void = () => {};

  addKey(): string {
    const keyId = `key-${this.keys.size + 1}`;
    this.keys.set(keyId, {
      arn: `arn:aws:kms:eu-central-1:1:key/${keyId}`,
      deletionAt: null,
      disabled: false,
    });
    return keyId;
  }

  addEpoch(alias: string): string {
    const keyId = this.addKey();
    this.aliases.set(alias, keyId);
    return keyId;
  }

  open(): KmsApi {
    this.opened++;
    const usable = (arn: string) => {
      const key = [...this.keys.values()].find((one) => one.arn === arn);
      if (!key) throw masterKeyRefused('AWS KMS', 'NotFoundException');
      if (key.disabled) throw masterKeyRefused('AWS KMS', 'DisabledException');
      if (key.deletionAt !== null) throw masterKeyRefused('AWS KMS', 'KMSInvalidStateException');
    };
    const describe = (keyId: string): KmsKey => {
      const key = this.keys.get(keyId);
      if (!key) throw masterKeyRefused('AWS KMS', 'NotFoundException');
      return { keyId, arn: key.arn, deletionAt: key.deletionAt };
    };
    return {
      place: 'AWS KMS (test)',
      listAliases: async (prefix) =>
        new Map([...this.aliases].filter(([alias]) => alias.startsWith(prefix)).reverse()),
      describeKey: async (keyId) => describe(keyId),
      createKey: async () => describe(this.addKey()),
      createAlias: async (alias, keyId) => {
        this.beforeAlias();
        if (this.aliases.has(alias)) return false;
        this.aliases.set(alias, keyId);
        return true;
      },
      encrypt: async (arn, context, plaintext) => {
        usable(arn);
        const salt = `${Math.max(...plaintext)} ${this.opened++}`;
        return new TextEncoder().encode(
          JSON.stringify([arn, context, Buffer.from(plaintext).toString('base64'), salt]),
        );
      },
      decrypt: async (arn, context, ciphertext) => {
        usable(arn);
        try {
          const [key, bound, plaintext] = JSON.parse(new TextDecoder().decode(ciphertext)) as string[];
          if (key !== arn || bound !== context) return null;
          return new Uint8Array(Buffer.from(plaintext ?? '', 'base64'));
        } catch {
          // Not what was encrypted.
          return null;
        }
      },
      scheduleDeletion: async (keyId, days) => {
        const key = this.keys.get(keyId);
        if (!key || key.deletionAt !== null) throw masterKeyRefused('AWS KMS', 'KMSInvalidStateException');
        key.deletionAt = this.now + days * DAY;
      },
      close: () => {
        this.opened--;
      },
    };
  }
}
