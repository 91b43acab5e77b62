// Cases of a chain, of which the last certificate is looked for: { name, wanted, file, chain }.
import { createHash } from 'node:crypto';
import { bodyOf, signed } from './made.mjs';

const malformed = 'CERTIFICATE_MALFORMED';
const forged = 'CERTIFICATE_FORGED';
const broken = 'CERTIFICATE_CHAIN_BROKEN';
const elsewhere = 'CERTIFICATE_NOT_IN_CHAIN';

export async function* chains(chain) {
  const file = chain.at(-1);
  const lines = (files) => files.map((one) => `${one}\n`).join('');
  yield { name: 'chain: whole', wanted: 'genuine', file, chain: lines(chain) };
  yield { name: 'chain: no line end at its end', wanted: 'genuine', file, chain: chain.join('\n') };
  for (const [index, one] of chain.entries()) {
    yield { name: `chain: ${index} looked for`, wanted: 'genuine', file: one, chain: lines(chain) };
    const wanted = index === chain.length - 1 ? elsewhere : broken;
    yield { name: `chain: without ${index}`, wanted, file, chain: lines(chain.toSpliced(index, 1)) };
    yield {
      name: `chain: ${index} twice`,
      wanted: broken,
      file,
      chain: lines(chain.toSpliced(index, 0, one)),
    };
    yield {
      name: `chain: a blank line at ${index}`,
      wanted: malformed,
      file,
      chain: lines(chain.toSpliced(index, 0, '')),
    };
    const swapped = chain.toSpliced(index, 2, ...chain.slice(index, index + 2).reverse());
    if (index + 1 < chain.length)
      yield { name: `chain: ${index} swapped`, wanted: broken, file, chain: lines(swapped) };
    const remade = await signed(bodyOf(one).replace('"lifecycle":1', '"lifecycle":2'));
    const last = index === chain.length - 1;
    yield {
      name: `chain: ${index} made anew`,
      wanted: last ? elsewhere : broken,
      file,
      chain: lines(chain.with(index, remade)),
    };
    const changed = one.replace('"lifecycle":1', '"lifecycle":2');
    yield { name: `chain: ${index} changed`, wanted: forged, file, chain: lines(chain.with(index, changed)) };
  }
  const digest = createHash('sha256').update(file).digest('hex');
  const skipping = await signed(
    bodyOf(file).replace(
      /"number":6,"outstanding":\[\],"previous":"[^"]*"/,
      `"number":8,"outstanding":[],"previous":"${digest}"`,
    ),
  );
  for (const [name, wanted, text] of [
    ['empty', elsewhere, ''],
    ['a line end alone', malformed, '\n'],
    ['two line ends at its end', malformed, `${lines(chain)}\n`],
    ['line ends of Windows', malformed, chain.join('\r\n')],
    ['a number left out', broken, lines([...chain, skipping])],
    ['what is none behind what is out of order', malformed, lines([file, 'none'])],
    ['in a list', malformed, `[${chain.join(',')}]`],
  ])
    yield { name: `chain: ${name}`, wanted, file, chain: text };
}
