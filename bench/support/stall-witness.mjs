// A process that does nothing but sleep for a millisecond at a time: where it was not woken although it neither ran nor waited for a core,
// the whole machine stood still, as a virtual one does when its host has others to serve. Tells of these times when it is asked.
import { GapWatch } from './gap-watch.mjs';

/** A timer may be late by so much without a reason, ms. */
const slackMs = 2;
const mostStalls = 10_000;
let stalls = [];

const gaps = new GapWatch(({ from, to, gapMs, ranMs, waitedMs }) => {
  if (gapMs - ranMs - waitedMs > slackMs && stalls.length < mostStalls) stalls.push({ from, to });
});
process.on('message', () => {
  process.send(stalls);
  stalls = [];
});
process.once('SIGTERM', () => {
  gaps.stop();
  process.disconnect();
});
process.stdout.write('ready to see stalls\n');
