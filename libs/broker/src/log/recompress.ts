import {
  BatchView,
  Compression,
  encodeBatch,
  iterateRecords,
  type CompressionName,
} from '@oubliette/protocol';
import type { LogConfig } from './partition-log.js';

const names = Object.keys(Compression) as CompressionName[];

/**
 * The batch's records in a new batch of another codec, as LogValidator.buildRecordsAndAssignOffsets makes it: offsets count from 0
 * without gaps, and the header keeps the producer's fields.
 */
export function recompressed(batch: BatchView, codec: number, config: LogConfig): BatchView {
  const compression = names.find((name) => Compression[name] === codec) ?? 'none';
  const level = levelOf(compression, config);
  const records = [...iterateRecords(batch)].map(({ timestamp, key, value, headers }) => {
    return { timestamp, key, value, headers };
  });
  const bytes = encodeBatch({
    records,
    compression,
    ...(level === undefined ? {} : { compressionLevel: level }),
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
  });
  return new BatchView(bytes);
}

function levelOf(compression: CompressionName, config: LogConfig): number | undefined {
  switch (compression) {
    case 'gzip':
      return config.compressionGzipLevel;
    case 'lz4':
      return config.compressionLz4Level;
    case 'zstd':
      return config.compressionZstdLevel;
    default:
      return undefined;
  }
}
