/** Sessions by client address, with as many clients as a busy site has. */
import { test } from "vitest";
import { addressesSpread } from "./support/address-spread.ts";

/** Ends the test if it hangs; a busy machine serves some dozens of requests a second. */
const TWENTY_THOUSAND_REQUESTS_MS = 1_800_000;

test(
  "10,000 addresses spread within the ring's variance; a removed origin moves only its own clients",
  () => addressesSpread(10_000),
  TWENTY_THOUSAND_REQUESTS_MS,
);
