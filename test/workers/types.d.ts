/** What tests in workerd find: the Worker's bindings and exports, and the origins of the global set-up. */
import type * as worker from "../../src/index.ts";
import type { Env as WorkerEnv } from "../../src/platform/env.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Omit<WorkerEnv, "UPSTREAM_POOL" | "ROUTE_TABLE"> {
      /** With all its methods, the admin's too. */
      UPSTREAM_POOL: DurableObjectNamespace<worker.UpstreamPool>;
      ROUTE_TABLE: DurableObjectNamespace<worker.RouteTable>;
    }
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}

declare module "vitest" {
  export interface ProvidedContext {
    /** Base urls. */
    origins: string[];
  }
}
