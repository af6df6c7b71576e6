/**
 * The options that say which balancer is meant.
 * @module
 */
import { AdminClient } from "../lib/admin-client.ts";
import { DEFAULT_PORT, UsageError } from "../lib/options.ts";

const DEFAULT_URL = `http://127.0.0.1:${DEFAULT_PORT}`;

export const BALANCER_OPTIONS = { url: { type: "string" }, token: { type: "string" } } as const;

export const BALANCER_HELP = `  --url URL    address of the balancer (default: LB_URL, or else ${DEFAULT_URL})
  --token T    token of the admin API (better: LB_ADMIN_TOKEN, which other users of the machine cannot see)`;

export interface BalancerValues {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
}

/**
 * The admin API that the options mean, or else the environment.
 * @param ended ends what is being asked
 * @throws UsageError
 */
export function adminClient({ url, token }: BalancerValues, ended?: AbortSignal): AdminClient {
  const address = url ?? (process.env.LB_URL || DEFAULT_URL);
  return new AdminClient(baseOf(address), token ?? (process.env.LB_ADMIN_TOKEN || null), ended);
}

function baseOf(address: string): string {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "") {
    throw new UsageError(
      `${JSON.stringify(address)} is not the address of a balancer, such as https://lb.example.com`,
    );
  }
  // The address of the dashboard will do as well.
  return `${url.origin}${url.pathname.replace(/\/(_lb\/?)?$/, "")}`;
}
