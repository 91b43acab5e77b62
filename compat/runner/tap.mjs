import { follow } from './command.mjs';

/**
 * Follows a program that prints `ok NAME` or `not ok NAME - REASON` for each test. One that ends otherwise than well is reported as a
 * failed test `program`, so that what it did not reach is explained.
 */
export async function followTests(command, args, { report, ...options }) {
  const code = await follow(command, args, {
    ...options,
    onLine: (line) => {
      const found = /^(not ok|ok) (.+?)(?: - (.*))?$/.exec(line);
      if (found !== null) report(found[2], found[1] === 'ok', found[3] ?? '');
    },
  });
  if (code !== 0) report('program', false, `ended with ${code ?? 'a time-out'}; see ${options.logFile}`);
}
