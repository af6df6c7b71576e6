/**
 * Bundles the dashboard before the tests that run the Worker's sources, which import the bundle.
 * @module
 */
import { buildDashboard } from "../../scripts/lib/dashboard.ts";

export default async function setup(): Promise<void> {
  await buildDashboard();
}
