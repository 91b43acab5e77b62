// node main.mjs HOST:PORT INSTALLED: runs every operation and prints `ok NAME` or `not ok NAME - REASON`.
import { adminOperations } from './admin.mjs';
import { consumeOperations } from './consume.mjs';
import { groupOperations } from './groups.mjs';
import { produceOperations } from './produce.mjs';
import { transactionOperations } from './transactions.mjs';
import { Workbench } from './workbench.mjs';

const [bootstrap, installed] = process.argv.slice(2);
const bench = await Workbench.open(bootstrap, installed);
const operations = {
  ...adminOperations,
  ...produceOperations,
  ...consumeOperations,
  ...groupOperations,
  ...transactionOperations,
};
for (const [name, operation] of Object.entries(operations)) {
  try {
    await bench.within(30_000, operation(bench));
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`not ok ${name} - ${String(error?.message ?? error).split('\n')[0]}`);
  } finally {
    await bench.tidy();
  }
}
await bench.close();
