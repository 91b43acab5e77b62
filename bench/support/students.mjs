import { setTimeout as pause } from 'node:timers/promises';

/** Students of a running sample, with values that stand nowhere else; resolves when the read models have them. */
export async function registerStudents(sample, count) {
  const run = process.hrtime.bigint().toString(36);
  const students = Array.from({ length: count }, (_, index) => ({
    id: `bench-student-${run}-${index}`,
    name: `Quilla ${run} Ostrander ${index}`,
    email: `quilla.${run}.${index}@example.org`,
  }));
  const lines = students.map((student) =>
    JSON.stringify({ type: 'student', line: `bench:${student.id}`, ...student }),
  );
  await sample.ask('POST', '/import', lines.join('\n'), { contentType: 'application/x-ndjson' });
  while ((await sample.ask('GET', '/students')).length < count) await pause(50);
  return students;
}

export async function forgetStudent(sample, id) {
  const { state, erasureId } = await sample.ask('POST', `/privacy/users/${id}/forget`);
  if (state !== 'forgotten' && state !== 'erased') throw new Error(`the answer says ${state}`);
  return erasureId;
}

export async function untilErased(sample, erasureId) {
  for (;;) {
    const erasure = await sample.ask('GET', `/privacy/erasures/${erasureId}`);
    if (erasure.state === 'erased') return erasure;
    await pause(50);
  }
}
