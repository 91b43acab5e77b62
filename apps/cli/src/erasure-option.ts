import { Option } from 'commander';
import { erasureWays } from '@oubliette/privacy';

/** The same choice for every command of the guard that asks a cluster. */
export function erasureOption(): Option {
  return new Option(
    '--erasure <way>',
    'how a forgotten user’s records end, as the application declares it; without: with the keys alone',
  ).choices(erasureWays);
}
