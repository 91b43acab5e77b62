import { allowList, findings } from './lists.mjs';

/**
 * What a run's results say against the lists. A test on the allow list that fails or did not run is a failure, and so is one that
 * fails and stands in neither list. One that passes without being on the allow list is told, so that the list can grow; on
 * Kafka it is a failure, for the two lists together hold what Kafka passes.
 */
export function judge(suite, results, { full, on }) {
  const allowed = allowList(suite);
  const isFinding = findings(suite);
  const lines = [];
  let passed = 0;
  let failed = 0;
  const fail = (line) => {
    failed += 1;
    lines.push(`FAILED ${line}`);
  };
  for (const [test, onlyFull] of allowed) {
    if (isFinding(test)) fail(`${test}: on the allow list and in FINDINGS.md`);
    const result = results.get(test);
    if (result?.ok === true) passed += 1;
    else if (result !== undefined) fail(`${test}: ${result.reason}`);
    else if (full || !onlyFull) fail(`${test}: did not run`);
  }
  for (const [test, { ok, reason }] of results) {
    if (allowed.has(test)) continue;
    if (isFinding(test)) {
      // Kafka must pass what FINDINGS.md says it passes; ours passing it means that the line is out of date.
      if (on === 'kafka' && ok) passed += 1;
      else if (on === 'kafka') fail(`${test}: in FINDINGS.md, but Kafka does not pass it: ${reason}`);
      else if (ok) lines.push(`passes now, move it from FINDINGS.md to ${suite}/allow.txt: ${test}`);
    } else if (ok && on === 'kafka') {
      fail(`${test}: Kafka passes it, and it stands neither in ${suite}/allow.txt nor in FINDINGS.md`);
    } else if (ok) {
      lines.push(`passes, add it to ${suite}/allow.txt: ${test}`);
    } else {
      fail(`${test}: in neither list: ${reason}`);
    }
  }
  return { passed, failed, lines };
}
