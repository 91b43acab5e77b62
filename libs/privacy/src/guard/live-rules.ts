import type { LogInspection } from '@oubliette/kafka';
import type { CleanupSettings } from './cleanup-settings.js';
import { list } from './replica-rules.js';
import { hasDefaultTimes } from './rules.js';
import { spellDuration } from './spell-duration.js';
import { strayDirectories } from './stray-directories.js';
import type { TopicSight } from './topic-sight.js';
import type { Finding } from './verdict.js';
import { abortSweepMs } from './worst-case.js';

/** What only a running cluster shows: logs where none should be, brokers that are away, transactions that are open. */
export function liveFindings(
  { description, brokers, inspection }: TopicSight,
  settings: CleanupSettings,
  directoryNames: readonly string[],
): Finding[] {
  const findings = strayFindings(description.name, directoryNames);
  const isAutomatic = brokers.some((broker) => broker['auto.create.topics.enable'] === 'true');
  if (isAutomatic && hasDefaultTimes(settings))
    findings.push(
      note(
        'auto.create.topics.enable=true: a name that is mistyped makes a topic with the brokers’ defaults. Set it to false.',
      ),
    );
  if (inspection === null) return findings;
  findings.push(...copyFindings(description, inspection), ...awayFindings(description, inspection));
  if (settings.compacts) findings.push(...transactionFindings(description.name, settings, inspection));
  for (const { what, code } of inspection.unseen)
    findings.push(
      code === 'KAFKA_STORAGE_ERROR'
        ? warn('A log directory of a broker is offline: it cleans nothing and keeps its bytes.')
        : note(`The brokers do not tell ${what} (${code}).`),
    );
  return findings;
}

function strayFindings(topic: string, directoryNames: readonly string[]): Finding[] {
  const strays = strayDirectories(topic, directoryNames);
  return strays.length === 0
    ? []
    : [
        warn(
          `${strays.length} directories of this topic's logs were put aside (${strays.slice(0, 3).join(', ')}): no broker cleans or deletes them. Look at them and remove them.`,
        ),
      ];
}

type Description = TopicSight['description'];

function copyFindings({ name, partitions }: Description, { copies }: LogInspection): Finding[] {
  const replicasOf = new Map(partitions.map(({ partition, replicas }) => [partition, replicas]));
  const own = (copies ?? []).filter(({ topic }) => topic === name);
  const findings: Finding[] = [];
  const unassigned = own.filter(
    ({ partition, nodeId }) => replicasOf.get(partition)?.includes(nodeId) !== true,
  );
  const nodes = [...new Set(unassigned.map(({ nodeId }) => nodeId))];
  if (unassigned.length > 0)
    findings.push(
      warn(
        `Broker ${nodes.slice(0, 5).join(', ')} has a log of ${list(unassigned)} without being a replica of it: its bytes stay as long as it does.`,
      ),
    );
  const moving = own.filter(({ isFuture }) => isFuture);
  if (moving.length > 0)
    findings.push(
      warn(`${list(moving)} is being moved to another log directory: there are two copies until then.`),
    );
  return findings;
}

function awayFindings({ partitions }: Description, { brokers }: LogInspection): Finding[] {
  // Where nobody told anything, nobody is known to be away.
  if (brokers.length === 0) return [];
  const up = new Set(brokers.map(({ nodeId }) => nodeId));
  const holders = new Set(partitions.flatMap(({ replicas }) => replicas));
  const away = [...holders].filter((nodeId) => !up.has(nodeId));
  return away.length === 0
    ? []
    : [
        warn(
          `Broker ${away.slice(0, 5).join(', ')} holds a replica and could not be asked: while it is down it keeps its bytes.`,
        ),
      ];
}

function transactionFindings(
  name: string,
  settings: CleanupSettings,
  { at, transactionalProducers }: LogInspection,
): Finding[] {
  const own = transactionalProducers.filter(({ topic, open }) => topic === name && open.length > 0);
  if (own.length === 0) return [];
  const longestMs = settings.transactionMaxTimeoutMs + abortSweepMs;
  const hanging = own.filter(({ open }) =>
    open.some(({ lastTimestampMs }) => at - lastTimestampMs > longestMs),
  );
  if (hanging.length > 0)
    return [
      {
        level: 'refuse',
        text: `A transaction hangs in ${list(hanging)}: it is open for longer than transaction.max.timeout.ms (${spellDuration(settings.transactionMaxTimeoutMs)}), and nothing behind it is cleaned. End it (kafka-transactions.sh abort).`,
      },
    ];
  return [warn(`A transaction is open in ${list(own)}: nothing behind it is cleaned until it ends.`)];
}

function warn(text: string): Finding {
  return { level: 'warn', text };
}

function note(text: string): Finding {
  return { level: 'note', text };
}
