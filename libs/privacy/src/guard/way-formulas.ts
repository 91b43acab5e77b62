import { nudgerGapMs, nudgeSpacingMs } from '../nudger/timing.js';
import type { ErasureWay } from '../ways/erasure-way.js';
import type { CleanupSettings } from './cleanup-settings.js';
import { compactWorstCase, deleteWorstCase, type LogUse, type WorstCase } from './worst-case.js';

/** Whether retention bounds a record's time, or compaction does: where retention deletes too, it bounds what compaction leaves. */
export function isByRetention(settings: CleanupSettings, erasure: ErasureWay): boolean {
  return erasure === 'tombstone' ? !settings.compacts : settings.deletes;
}

/** By the policy, and by how the topic's records end. */
export function worstCaseOf(settings: CleanupSettings, use: LogUse, erasure: ErasureWay): WorstCase {
  if (isByRetention(settings, erasure)) return deleteWorstCase(settings, use);
  return erasure === 'tombstone' ? tombstoneWorstCase(settings, use) : compactWorstCase(settings, use);
}

/** From forgetting a user: the records are found, tombstoned, and compacted while the nudger appends at its own pace. */
function tombstoneWorstCase(settings: CleanupSettings, use: LogUse): WorstCase {
  const { worstCaseMs, tombstoneWorstCaseMs, terms } = compactWorstCase(settings, {
    ...use,
    gapMs: use.gapMs ?? nudgerGapMs(settings),
  });
  const found = { name: 'records are found', setting: "the nudger's pace", ms: nudgeSpacingMs(settings) };
  const after = (ms: number | null): number | null => (ms === null ? null : ms + found.ms);
  return {
    worstCaseMs: after(worstCaseMs),
    tombstoneWorstCaseMs: after(tombstoneWorstCaseMs),
    terms: [found, ...terms],
  };
}
