export { ManualClock } from './manual-clock.js';
export { SeededEntropy } from './seeded-entropy.js';
export { SimulatedDisk, type Failure } from './simulated-disk.js';
export type { Operation } from './simulated-file.js';
export { clockContract } from './clock-contract.js';
export { diskContract } from './disk-contract.js';
export { entropyContract } from './entropy-contract.js';
export { freePort } from './free-port.js';
export { spawnWithParent } from './with-parent.js';
