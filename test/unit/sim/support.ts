/** Simulates a pool that is given as a document. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { vi } from "vitest";
import { simulateCommand } from "../../../sim/lib/command.ts";
import { EventQueue } from "../../../sim/lib/event-queue.ts";
import type { IsolateWorld } from "../../../sim/lib/isolate-world.ts";
import { Network, ring } from "../../../sim/lib/network.ts";
import { parseOptions } from "../../../sim/lib/options.ts";
import { Recorder } from "../../../sim/lib/recorder.ts";
import { type Results, resultsOf } from "../../../sim/lib/results.ts";
import { Rng } from "../../../sim/lib/rng.ts";
import { SimObject } from "../../../sim/lib/sim-object.ts";
import { SimOrigin } from "../../../sim/lib/sim-origin.ts";
import { documentsFor, simHost, withOwnAddresses } from "../../../sim/lib/target-config.ts";
import { World } from "../../../sim/lib/world.ts";
import { parsePool } from "../../../src/config/parse.ts";

/**
 * @param args as on the command line; `--config` stands for itself
 * @param prepare makes of the world what no option does
 */
export async function simulated(
  document: unknown,
  args: string,
  prepare?: (world: World) => void,
): Promise<Results> {
  const options = parseOptions(["--config", "none", ...args.split(" ").filter((arg) => arg !== "")]);
  const parsed = parsePool(document);
  if (options === "help" || !parsed.ok) throw new Error(JSON.stringify(parsed));
  const subject = { pool: "web", config: parsed.value, document: JSON.stringify(document) };
  const world = new World(options, subject);
  prepare?.(world);
  return resultsOf(options, subject, await world.run());
}

/** Origins of the names given, or so many. */
export function origins(...ids: string[] | [number]): { id: string; url: string }[] {
  const [first] = ids;
  const names =
    typeof first === "number" ? Array.from({ length: first }, (_, i) => `o${i}`) : (ids as string[]);
  return names.map((id) => ({ id, url: `https://${id}.example.com` }));
}

/** Origins that serve many requests at once. */
const CAPACITY = { workers: 1_000, serviceMs: 5 };

/** The world as one isolate of pool `p` has it, ten seconds long. @param oneWayMs to the object and to origins */
export function aroundIsolate(
  document: { origins: { id: string }[] },
  { oneWayMs = 10, loss = 0, seed = 1 },
) {
  const queue = new EventQueue();
  const rng = new Rng(seed);
  const network = new Network({ nearMs: oneWayMs, farMs: oneWayMs, loss }, rng, ring(1));
  const ids = document.origins.map(({ id }) => id);
  const origins = new Map(ids.map((id) => [id, new SimOrigin(id, 0, CAPACITY, queue, rng)]));
  const common = { queue, rng, network };
  const text = withOwnAddresses(JSON.stringify(document));
  const event = () => undefined;
  const object = new SimObject({ ...common, pool: "p", origins, document: text, region: 0, event });
  const recorder = new Recorder(10, ids, [], []);
  const world: IsolateWorld = {
    ...{ ...common, measures: recorder, objects: new Map([["p", object]]) },
    hosts: new Map([...origins.values()].map((origin, index) => [simHost(0, index), origin])),
    documents: documentsFor(new Map([["p", text]]), [{ pool: "p" }]),
    ...{ notes: new Map(), noted: () => undefined, brief: null },
  };
  return { world, queue, origins, object, recorder };
}

const root = join(import.meta.dirname, "../../..");
const node = join(root, "node_modules/.bin/node");

/** The command, as a user starts it. */
export function simulate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(node, ["sim/simulate.ts", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** The command within this process, which needs no start: for arguments that it refuses. */
export async function refused(...args: string[]): Promise<{ status: number; stderr: string }> {
  const said = vi.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    const status = await simulateCommand(args);
    return { status, stderr: said.mock.calls.map((line) => `${line.join(" ")}\n`).join("") };
  } finally {
    said.mockRestore();
  }
}
