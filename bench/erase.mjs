// From the request to the last byte: how soon, by how many nudges and reads, and whether a scanner of other makers finds anything then.
import { eraseApplied } from './support/erase-applied.mjs';
import { eraseIdle } from './support/erase-idle.mjs';
import { eraseMany } from './support/erase-many.mjs';
import { eraseScan } from './support/erase-scan.mjs';

export const title =
  'Erasing: how soon the bytes are gone, what it costs, and what a scanner of other makers finds';
export const parts = ['idle', 'applied', 'scan', 'pace', 'bulk'];

const isQuick = process.argv.includes('--quick');
const hasKafka = process.env['OUBLIETTE_KAFKA_LIBS'] !== undefined;

export async function run({ say, only }) {
  const isAsked = (part) => only.length === 0 || only.includes(part);
  const rows = isAsked('idle') ? await eraseIdle(say) : [];
  if (isAsked('applied') && hasKafka) rows.push(...(await eraseApplied(say)));
  if (isAsked('scan')) rows.push(...(await eraseScan(say)));
  const many = ['pace', 'bulk'].filter(isAsked);
  if (many.length > 0 && hasKafka) rows.push(...(await eraseMany(say, isQuick, many)));
  return rows;
}
