import { apis } from '@oubliette/protocol';
import type { WireClient } from '../support/wire-client.js';
import { answerOf, until, type Case, type Side } from './two-brokers.js';

/* Who is served and who waits when there are limits on connections, and SASL where there is none. */

const allBrokers = { resourceType: 4, resourceName: '' };
const [set, remove] = [0, 1];
const rounds = 20;
/* Kafka's controller takes max.connections for its own listener as well (ControllerServer, addBrokerReconfigurable). Where the
   broker's own connections to it are more than that, it never hears of the next setting. */
const most = 8;

async function alter(client: WireClient, name: string, value: string | null): Promise<void> {
  const configs = [{ name, configOperation: value === null ? remove : set, value }];
  const body = { resources: [{ ...allBrokers, configs }], validateOnly: false };
  await client.call(apis.incrementalAlterConfigs, 1, body);
  // Kafka answers before it knows.
  await until(`${name} ${value === null ? 'removed' : `set to ${value}`}`, async () => {
    const resources = [{ resourceType: 4, resourceName: '1', configurationKeys: [name] }];
    const answer = await client.call(apis.describeConfigs, 4, { resources });
    const isDynamic = answer.results[0]?.configs[0]?.configSource === 3;
    return isDynamic === (value !== null);
  });
}

const ask = (client: WireClient) => client.call(apis.apiVersions, 0, {});

/** So many connections, each of which has been served. */
async function served(side: Side, count: number): Promise<readonly WireClient[]> {
  const clients: WireClient[] = [];
  for (let n = 0; n < count; n++) {
    const client = await side.connect();
    await ask(client);
    clients.push(client);
  }
  return clients;
}

/** What happens, in order, to as many connections as there may be when one of them is there already. */
async function lastWaits(side: Side, client: WireClient): Promise<readonly string[]> {
  const order: string[] = [];
  const others = await served(side, most - 1);
  order.push('the others are served');
  const last = await side.connect();
  const answered = ask(last).then(() => order.push('the last is served'));
  for (let n = 0; n < rounds; n++) await ask(client);
  for (const other of others) await ask(other);
  order.push('one leaves');
  others[0]?.end();
  await answered;
  for (const other of others) other.end();
  last.end();
  return order;
}

const waitsFor =
  (name: string): Case =>
  async (side, client) => {
    await alter(client, name, `${most}`);
    const order = await lastWaits(side, client);
    await alter(client, name, null);
    return order;
  };

export const connectionCases: Readonly<Record<string, Case>> = {
  'max.connections is reached': waitsFor('max.connections'),
  'that of the listener is reached': waitsFor('listener.name.plaintext.max.connections'),

  'who waits is let in when the limit is raised': async (side, client) => {
    await alter(client, 'max.connections', `${most}`);
    const others = await served(side, most - 1);
    const last = await side.connect();
    const answer = ask(last);
    for (let n = 0; n < rounds; n++) await ask(client);
    const { arrived } = last;
    await alter(client, 'max.connections', `${most + 1}`);
    const { errorCode } = await answer;
    for (const other of [...others, last]) other.end();
    await alter(client, 'max.connections', null);
    return { arrived, errorCode };
  },

  'a lowered limit closes the least recently used': async (side, client) => {
    const others = await served(side, most + 1);
    for (const at of [1, 0]) {
      const other = others[at];
      if (other !== undefined) await ask(other);
    }
    await alter(client, 'max.connections', `${most}`);
    await until('two connections closed', () =>
      Promise.resolve(others.filter(({ isClosed }) => isClosed).length >= 2),
    );
    const left = others.map(({ isClosed }) => (isClosed ? 'closed' : 'open'));
    await alter(client, 'max.connections', null);
    for (const other of others) other.end();
    return left;
  },

  'an address has max.connections.per.ip': async (side, client) => {
    await alter(client, 'max.connections.per.ip', '1');
    const other = await side.connect();
    const answer = await answerOf(other, apis.apiVersions, 0, {});
    await alter(client, 'max.connections.per.ip', null);
    return answer === 'closed' ? answer : 'served';
  },

  'SASL where nobody has to authenticate': async (_side, client) => {
    const seen: unknown[] = [];
    for (const version of [0, 1]) {
      seen.push(await answerOf(client, apis.saslHandshake, version, { mechanism: 'PLAIN' }));
    }
    for (const version of [0, 1, 2]) {
      seen.push(await answerOf(client, apis.saslAuthenticate, version, { authBytes: new Uint8Array(3) }));
    }
    const { apiKeys } = await ask(client);
    return [seen, apiKeys.filter(({ apiKey }) => apiKey === 17 || apiKey === 36)];
  },
};
