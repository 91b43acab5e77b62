// Finds compiled test files by what they need: `test` and `int` need only Node, `kafka` needs Kafka's jars,
// `zookeeper` those of Kafka 3.9, `postgres` a PostgreSQL server, `registry` Apicurio Registry's jar, `openbao` and `moto` the master-key services.
import { readdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';

export function testFiles(kinds) {
  const found = [];
  for (const group of ['libs', 'apps', 'examples', 'bench', 'compat']) {
    if (!existsSync(group)) continue;
    for (const name of readdirSync(group)) {
      const root = join(group, name, 'dist', 'test');
      if (!existsSync(root)) continue;
      for (const file of readdirSync(root, { recursive: true })) {
        if (kinds.some((kind) => file.endsWith(`.${kind}.js`)) && existsSync(sourceOf(join(root, file))))
          found.push(join(root, file));
      }
    }
  }
  return found.sort();
}

// A deleted test leaves its output behind in dist; it must not go on counting.
function sourceOf(output) {
  return output.replace(`${join('dist', 'test')}`, 'test').replace(/\.js$/, '.ts');
}
