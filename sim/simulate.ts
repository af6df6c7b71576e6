/**
 * `npm run simulate`: shows what the balancer would do with a configuration, before it is deployed.
 * @module
 */
import { simulateCommand } from "./lib/command.ts";

process.exitCode = await simulateCommand(process.argv.slice(2));
