/**
 * Begins every file in workerd as after a deployment, without a start of workerd, which would take longer than most
 * files: modules are evaluated anew, so that isolates know nothing, and neither objects nor KV have anything stored.
 * What a test replaced of the platform, it has back. Runs before the other modules of the file.
 * @module
 */
import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";

interface UsedObject {
  objects: DurableObjectNamespace;
  id: DurableObjectId;
}

/** The objects that were asked for since the last file began. Outlives the modules. */
const used: Map<string, UsedObject> = Reflect.get(globalThis, "usedObjects") ?? noteObjects();

function noteObjects(): Map<string, UsedObject> {
  const noted = new Map<string, UsedObject>();
  Reflect.set(globalThis, "usedObjects", noted);
  const prototype = Object.getPrototypeOf(env.UPSTREAM_POOL) as DurableObjectNamespace;
  const { get, getByName } = prototype;
  function note(objects: DurableObjectNamespace, stub: DurableObjectStub): DurableObjectStub {
    noted.set(String(stub.id), { objects, id: stub.id });
    return stub;
  }
  prototype.get = function (...parameters) {
    return note(this, get.apply(this, parameters));
  };
  prototype.getByName = function (...parameters) {
    return note(this, getByName.apply(this, parameters));
  };
  return noted;
}

async function wake({ objects, id }: UsedObject): Promise<void> {
  await runInDurableObject(objects.get(id), () => {});
}

vi.useRealTimers();
vi.unstubAllGlobals();
(await import("./test-clock.ts")).clock.end();
// Only objects that are awake are reset, of which KV is made, too.
await Promise.all([env.POOLS.list(), ...[...used.values()].map(wake)]);
await reset();
used.clear();
vi.resetModules();
(await import("./test-clock.ts")).clock.begin();
// Here, because vitest loads modules for one request at a time.
await import("../../src/index.ts");
