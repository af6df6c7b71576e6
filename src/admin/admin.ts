/**
 * The admin API and dashboard of an isolate. Importing this module makes all of it, so the Worker imports it only with
 * the first request for it.
 * @module
 */
import { createAdmin } from "./app.ts";

export const admin = createAdmin();
