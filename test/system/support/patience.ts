/**
 * Settings of pools with which a busy machine makes nothing fail: what is to fail in a test is refused, or answered with an
 * error.
 * @module
 */

/** Seconds that a probe may take. */
export const PROBE_TIMEOUT_S = 30;

/** For pools whose requests wait for as long as the test has them wait. */
export const PATIENT_FAILOVER = { attempt_timeout: 300, total_timeout: 300 };
