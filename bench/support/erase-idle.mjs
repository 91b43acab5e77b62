import { Sample } from './sample.mjs';
import { atMost, spell } from './figures.mjs';
import { forgetStudent, registerStudents, untilErased } from './students.mjs';

const erasures = 3;
const limitMs = 10_000;

/** The bundled broker with the sample's settings, and nothing else to do: one user after the other. */
export async function eraseIdle(say) {
  const sample = await Sample.start();
  try {
    const students = await registerStudents(sample, erasures);
    const took = [];
    let boundMs = 0;
    for (const { id } of students) {
      const began = performance.now();
      const erasure = await untilErased(sample, await forgetStudent(sample, id));
      took.push(performance.now() - began);
      boundMs = erasure.bound;
      say(`bundled, idle: erased after ${spell(took.at(-1))}, bound ${spell(boundMs)}`);
    }
    const slowest = Math.max(...took);
    return [
      atMost(`bundled and idle: request to erased, slowest of ${erasures}`, slowest, limitMs, took),
      atMost('bundled and idle: the same beside the computed bound', slowest, boundMs, took),
    ];
  } finally {
    await sample.close();
  }
}
