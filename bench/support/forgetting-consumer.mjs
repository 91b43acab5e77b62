// One running consumer: a keyring with a connection of its own that tells, of each user it is told about, when it refused the user's
// value for the first time. Its one argument is the order as JSON: `{ bootstrap, keyTopic, masterKeys }`.
import { binding, openKeyringFor } from './keyring-on.mjs';

const order = JSON.parse(process.argv[2]);
const keyring = await openKeyringFor(order);
/** The envelope of each user who is to be forgotten. */
const envelopes = new Map();
let left = 0;
let refusals = [];

keyring.onForgotten(({ userRef }) => {
  const envelope = envelopes.get(userRef);
  if (envelope === undefined) return;
  envelopes.delete(userRef);
  const { outcome } = keyring.open(binding, envelope);
  if (outcome !== 'erased') throw new Error(`a forgotten user's value gives ${outcome}`);
  refusals.push([userRef, process.hrtime.bigint().toString()]);
  if (--left > 0) return;
  process.send({ refusals });
  refusals = [];
});

process.on('message', async ({ watch }) => {
  for (const [userRef, envelope] of watch) envelopes.set(userRef, Buffer.from(envelope, 'base64'));
  left += watch.length;
  await keyring.catchUp(watch.map(([userRef]) => userRef));
  for (const [userRef] of watch) {
    const { outcome } = keyring.open(binding, envelopes.get(userRef));
    if (outcome !== 'value') throw new Error(`a living user's value gives ${outcome}`);
  }
  process.send({ watching: watch.length });
});
process.once('SIGTERM', () => void keyring.close().then(() => process.disconnect()));
process.stdout.write('ready as a consumer\n');
