import type { KeyTopicSettings } from '../ports.js';

/** The largest that Kafka takes without asking for more than an unavailable broker would allow. */
const enoughInSync = 2;

/**
 * Settings under which a tombstone ends its key within a bound that can be computed:
 * at most `min(segment.ms, max.compaction.lag.ms)` and one nudge, the cleaner's backoff and file.delete.delay.ms.
 * - `min.cleanable.dirty.ratio=0`: any dirty byte makes the log due (Kafka picks ratios above it), so that
 *   `max.compaction.lag.ms` is no part of the bound.
 * - `LogAppendTime`: a writer's clock cannot hold up rolling; with it the lifetimes of keys count from the log's time.
 * - `min.insync.replicas` and no unclean election: an acknowledged tombstone is not lost with one broker, once there are
 *   two `replicas` or more.
 */
export function keyTopicConfigs(
  settings: KeyTopicSettings,
  replicas: number,
): Readonly<Record<string, string>> {
  return {
    'cleanup.policy': 'compact',
    'segment.ms': `${settings.segmentMs}`,
    'segment.jitter.ms': '0',
    'min.compaction.lag.ms': '0',
    'max.compaction.lag.ms': `${settings.maxCompactionLagMs}`,
    'min.cleanable.dirty.ratio': '0',
    'delete.retention.ms': `${settings.deleteRetentionMs}`,
    'file.delete.delay.ms': `${settings.fileDeleteDelayMs}`,
    'message.timestamp.type': 'LogAppendTime',
    'min.insync.replicas': `${Math.min(enoughInSync, replicas)}`,
    'unclean.leader.election.enable': 'false',
  };
}

/** The settings that stand otherwise than wanted; numbers count as equal however they are written (`0` and `0.0`). */
export function drift(
  wanted: Readonly<Record<string, string>>,
  standing: Readonly<Record<string, string>>,
): Record<string, string> {
  const differs = ([name, value]: [string, string]): boolean => {
    const current = standing[name];
    if (current === undefined) return true;
    return current !== value && !(isNumber(current) && isNumber(value) && Number(current) === Number(value));
  };
  return Object.fromEntries(Object.entries(wanted).filter(differs));
}

function isNumber(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}
