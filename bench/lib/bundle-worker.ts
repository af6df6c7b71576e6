/**
 * Bundles the bench's own Workers with the packages or the built balancer that they import.
 * @module
 */
import { join } from "node:path";
import { build } from "esbuild";
import { PROJECT } from "../../scripts/lib/project.ts";

/** @param balancer the built balancer, if the Worker imports it */
export async function bundleWorker(name: string, outfile: string, balancer?: string): Promise<string> {
  await build({
    entryPoints: [join(PROJECT, "bench/workers", name)],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    external: ["cloudflare:*", "node:*"],
    loader: { ".txt": "text" },
    ...(balancer === undefined ? {} : { alias: { balancer } }),
    logLevel: "error",
  });
  return outfile;
}
