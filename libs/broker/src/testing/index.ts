export { openSimulatedLog, type SimulatedLog } from './simulated-log.js';
