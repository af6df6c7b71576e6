/**
 * Builds the Worker once, before the system tests start it many times.
 * @module
 */
import { ensureBundle } from "../../../scripts/lib/bundle.ts";

export default async function setup(): Promise<void> {
  await ensureBundle();
}
