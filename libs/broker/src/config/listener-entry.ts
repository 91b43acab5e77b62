import { listEntries } from './definition.js';

/** Settings that can be asked for what is in force. */
interface Settings {
  value(name: string): string | null;
}

/** An entry of `listeners` or `advertised.listeners`; without a name it is an address alone. */
export interface ListenerEntry {
  readonly name: string;
  readonly address: string;
}

/** The entries of the setting without those of controller.listener.names: nobody speaks to controllers here. */
export function clientListeners(
  config: Settings,
  setting: 'listeners' | 'advertised.listeners',
): readonly ListenerEntry[] {
  const controllers = new Set(listEntries(config.value('controller.listener.names') ?? ''));
  return listEntries(config.value(setting) ?? '')
    .map((text) => {
      const [, name = '', address = text] = /^([^:/]*):\/\/(.*)$/.exec(text) ?? [];
      return { name, address };
    })
    .filter(({ name }) => !controllers.has(name));
}

/** What stands before the settings of the client's listener alone (ListenerName.configPrefix). */
export function listenerPrefix(config: Settings): string {
  const name = clientListeners(config, 'listeners')[0]?.name ?? '';
  return `listener.name.${(name === '' ? 'PLAINTEXT' : name).toLowerCase()}.`;
}
