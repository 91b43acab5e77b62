import { runBrokerInProcess } from './run-in-process.js';

process.exitCode = await runBrokerInProcess(process.argv.slice(2));
