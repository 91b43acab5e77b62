import { apis } from '@oubliette/protocol';
import { brokerDefinitions } from '../../src/config/broker-definitions.js';
import { bundledSettings } from '../../src/config/bundled-settings.js';
import type { TwoEngines } from './two-engines.js';

const [topic, broker, brokerLogger, clientMetrics, group] = [2, 4, 8, 16, 32] as const;

/** What one of the two is started with and the other is not, or not alike. */
const ofOne: ReadonlySet<string> = new Set([
  ...Object.keys(bundledSettings),
  'broker.heartbeat.interval.ms',
  'broker.session.timeout.ms',
  'controller.listener.names',
  'controller.quorum.voters',
  'listener.security.protocol.map',
]);

/** Settings of a broker that both have from the same places, one internal one that nobody sees among them. */
export const settingsOfBoth: readonly string[] = brokerDefinitions
  .map(({ name }) => name)
  .filter((name) => !ofOne.has(name));

/** What is described: resource type, name, keys. */
const asked: readonly (readonly [string, number, string, readonly string[] | null])[] = [
  ['a topic', topic, 'describe', null],
  ['a topic, no keys', topic, 'describe', []],
  ['a topic, some keys', topic, 'describe', ['segment.ms', 'no.such.thing']],
  ['a topic that is not there', topic, 'nowhere', null],
  ['a topic name that is none', topic, 'no name', null],
  ['the empty topic name', topic, '', null],
  ['all brokers', broker, '', null],
  ['this broker', broker, '1', settingsOfBoth],
  ['another broker', broker, '7', null],
  ['a broker that is none', broker, 'one', null],
  ['a group', group, 'unheard', null],
  ['the empty group', group, '', null],
  ['a subscription', clientMetrics, 'unheard', null],
  ['the empty subscription', clientMetrics, '', null],
  ['loggers of another broker', brokerLogger, '7', null],
  ['loggers of no broker', brokerLogger, '', null],
  ['an unknown kind', 5, 'x', null],
];

export async function askAboutDescribing(engines: TwoEngines): Promise<void> {
  for (const version of [1, 4]) {
    for (const [what, resourceType, resourceName, configurationKeys] of asked) {
      for (const includeSynonyms of [false, true]) {
        await engines.look(`describe ${what} v${version}`, apis.describeConfigs, version, {
          resources: [{ resourceType, resourceName, configurationKeys }],
          includeSynonyms,
        });
      }
    }
  }
  for (const resourceTypes of [[], [topic], [broker, group], [brokerLogger], [clientMetrics], [1]]) {
    await engines.look(`list resources of ${resourceTypes.join()}`, apis.listConfigResources, 1, {
      resourceTypes,
    });
  }
  await engines.look('list resources v0', apis.listConfigResources, 0, {});
  for (const [version, endpointType] of [
    [0, 1],
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 9],
  ] as const) {
    await engines.look(`cluster v${version} endpoint ${endpointType}`, apis.describeCluster, version, {
      endpointType,
      includeClusterAuthorizedOperations: true,
    });
  }
}
