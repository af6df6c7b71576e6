/** Simulates a pool that is given as a document. */
import { EventQueue } from "../../../sim/lib/event-queue.ts";
import { Network } from "../../../sim/lib/network.ts";
import { parseOptions } from "../../../sim/lib/options.ts";
import { Recorder } from "../../../sim/lib/recorder.ts";
import { type Results, resultsOf } from "../../../sim/lib/results.ts";
import { Rng } from "../../../sim/lib/rng.ts";
import { SimObject } from "../../../sim/lib/sim-object.ts";
import { SimOrigin } from "../../../sim/lib/sim-origin.ts";
import { documentsFor, type IsolateWorld } from "../../../sim/lib/sim-surroundings.ts";
import { World } from "../../../sim/lib/world.ts";
import { parsePool } from "../../../src/config/parse.ts";

/** @param args as on the command line; `--config` stands for itself */
export async function simulated(document: unknown, args: string): Promise<Results> {
  const options = parseOptions(["--config", "none", ...args.split(" ").filter((arg) => arg !== "")]);
  const parsed = parsePool(document);
  if (options === "help" || !parsed.ok) throw new Error(JSON.stringify(parsed));
  const subject = { pool: "web", config: parsed.value, document: JSON.stringify(document) };
  const world = await new World(options, subject).run();
  return resultsOf(options, subject, world);
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
): IsolateWorld {
  const queue = new EventQueue();
  const rng = new Rng(seed);
  const network = new Network({ regions: 1, nearMs: oneWayMs, farMs: oneWayMs, loss }, rng);
  const ids = document.origins.map(({ id }) => id);
  const origins = new Map(ids.map((id) => [id, new SimOrigin(id, 0, CAPACITY, queue, rng)]));
  const common = { queue, rng, network, pool: "p", origins };
  const text = JSON.stringify(document);
  const object = new SimObject({ ...common, document: text, event: () => undefined });
  const notes = { notes: new Map<number, string>(), noted: () => undefined };
  const recorder = new Recorder(10, ids, [], []);
  return { ...common, ...notes, object, recorder, documents: documentsFor("p", text), isBrief: false };
}
