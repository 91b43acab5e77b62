import { counted } from './counted.js';
import type { ErasureCheck, FilesReport, ReadLogDir, SeenReplica } from '@oubliette/privacy';

const verdicts = {
  clean: 'no key of this user stands in what was read',
  remains: 'a key of this user still stands',
  unclear: 'no key was found, but not everything could be read',
};

/** A verification for people: what was read and found, and what was not seen. */
export function describeCheck(check: ErasureCheck): string[] {
  const { erasureId, state, verdict, log, files, replicas } = check;
  const span =
    log.firstOffset === null
      ? 'empty'
      : `offsets ${log.firstOffset} to ${log.lastOffset ?? '?'} as they stand`;
  return [
    `${erasureId}  ${state}  ${verdict}: ${verdicts[verdict]}`,
    `  log of partition ${log.partition}: ${span}, ${counted(log.records, 'record')} read`,
    ...describeTombstones(log.tombstones),
    ...log.keys.first.map(({ offset, kid }) => `    key record at offset ${offset}, kid ${kid}`),
    ...(files === null ? ['  no files were read: give --log-dir'] : describeFiles(files)),
    ...replicas.map((replica) => describeReplica(replica, files)),
    // Anybody may have named a file: a terminal is not to do what stands in a name.
  ].map((line) => line.replaceAll(/\p{C}/gu, '?'));
}

/** A clean log may have them: delete.retention.ms and a cleaning longer than the records that they void. */
function describeTombstones(tombstones: number): string[] {
  if (tombstones === 0) return [];
  const what = counted(tombstones, 'tombstone of this user stands', 'tombstones of this user stand');
  return [`    ${what}, and ${tombstones === 1 ? 'has' : 'have'} no bytes of a key`];
}

function describeFiles(files: FilesReport): string[] {
  const named = (logDir: number, directory: string, file: string): string =>
    [files.logDirs[logDir]?.logDir, directory, file].filter((part) => part !== '').join('/');
  return [
    ...files.logDirs.flatMap(describeLogDir),
    ...files.keys.first.map(
      ({ logDir, directory, file, offset, kid }) =>
        `    key record in ${named(logDir, directory, file)} at offset ${offset}, kid ${kid}`,
    ),
    ...more(files.keys),
    ...files.bytes.first.map(
      ({ logDir, directory, file, kind, position }) =>
        `    bytes of a ${kind} in ${named(logDir, directory, file)} at byte ${position}`,
    ),
    ...more(files.bytes),
  ];
}

function more({ total, first }: { total: number; first: readonly unknown[] }): string[] {
  return total > first.length ? [`    and ${total - first.length} more`] : [];
}

function describeLogDir({ logDir, broker, unreadable, isSettled, directories }: ReadLogDir): string[] {
  const name = `${logDir}${broker === null ? '' : ` of broker ${broker}`}`;
  if (unreadable !== null) return [`  ${name}: could not be read (${unreadable})`];
  const files = directories.flatMap((directory) => directory.files);
  const sum = (count: (file: (typeof files)[number]) => number): number =>
    files.reduce((total, file) => total + count(file), 0);
  const partitions = directories.filter(({ state }) => state !== 'root').length;
  return [
    `  ${name}: ${counted(partitions, 'directory', 'directories')}, ${counted(files.length, 'file')}, ${counted(
      sum(({ bytes }) => bytes),
      'byte',
    )}, ${counted(
      sum(({ records }) => records),
      'record',
    )}`,
    ...(isSettled ? [] : ['    files came and went faster than they could be read: try again']),
    ...directories.flatMap(({ name: directory, waiting, vanished, unreadable: closed, files: read }) => [
      ...waiting.map((file) => `    waits to be unlinked: ${directory}/${file}`),
      ...vanished.map((file) => `    went away or was renamed meanwhile: ${directory}/${file}`),
      ...closed.map(({ name: file, reason }) => `    could not be read: ${directory}/${file} (${reason})`),
      ...read.flatMap(({ name: file, troubles }) =>
        troubles.map(
          ({ reason, position, bytes }) =>
            `    not understood: ${directory}/${file}, ${counted(bytes, 'byte')} from ${position} on (${reason})`,
        ),
      ),
    ]),
  ];
}

function describeReplica(
  { broker, isLeader, isInSync, seen }: SeenReplica,
  files: FilesReport | null,
): string {
  const role = `${isLeader ? ', which leads' : ''}${isInSync ? '' : ', which is down or behind'}`;
  if (seen !== 'nothing') return `  replica on broker ${broker}${role}: seen by its ${seen}`;
  const given = files?.logDirs.some((logDir) => logDir.broker === broker) ?? false;
  const why = given ? 'its log directory has no such partition' : 'no log directory of it was given';
  return `  replica on broker ${broker}${role}: NOT SEEN, ${why}`;
}
