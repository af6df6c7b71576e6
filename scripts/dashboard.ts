/**
 * `npm run dashboard`: bundles the dashboard for the Worker. wrangler runs it before each build.
 * @module
 */
import { buildDashboard } from "./lib/dashboard.ts";

await buildDashboard();
