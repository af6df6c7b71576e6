/**
 * The commands of a model test (fast-check) of configurations: writes by every way, delays of KV, restarts and so on.
 * @module
 */
import fc from "fast-check";
import type { ConfigWorld } from "./config-world.ts";

type Command = fc.AsyncCommand<ConfigWorld, object>;

const REST_MS = 25 * 60_000;
const LOOK_EVERY_MS = 30_000;

/** A test document. Older code does not know the field `new`. */
const document = fc
  .record({ n: fc.integer({ min: 0, max: 6 }), isNew: fc.boolean() })
  .map(({ n, isNew }) => (isNew ? `{"n":${n},"new":1}` : `{"n":${n}}`));
const lag = fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20);

function command(name: string, act: (world: ConfigWorld) => Promise<void> | void): Command {
  return {
    check: () => true,
    async run(world) {
      world.nowMs++;
      await act(world);
      const wrong = world.wrongNow();
      if (wrong !== null) throw new Error(`after ${name}: ${wrong}`);
    },
    toString: () => name,
  };
}

const put = fc
  .tuple(document, lag)
  .map(([text, lag]) =>
    command(`put ${text}`, (world) => world.write(text, lag, (object) => object.put(text))),
  );

const remove = lag.map((lag) =>
  command("remove", (world) => world.write(null, lag, (object) => object.remove())),
);

const rollback = fc.tuple(fc.nat(5), lag).map(([back, lag]) =>
  command(`roll back by ${back}`, async (world) => {
    const text = world.object.kept[back];
    if (text === undefined || world.object.serving === null) return;
    world.read(lag);
    if (world.object.serving !== null) await world.write(text, lag, (object) => object.rollback(text));
  }),
);

/** Somebody writes to KV itself, if KV takes it. */
function byHand(
  name: string,
  by: "marked" | "unmarked" | "hand",
  text: string | null,
  markOf: (world: ConfigWorld) => number | null,
): Command {
  return command(name, (world) => {
    const updatedAt = markOf(world);
    try {
      world.kv.set(text === null ? null : { text, updatedAt });
    } catch {
      return;
    }
    world.wrote(by, text, updatedAt);
  });
}

/** `npm run pools -- push --remote`: its timestamp is newer than that of the document in KV. */
const push = document.map((text) =>
  byHand(`push ${text}`, "marked", text, ({ kv, nowMs }) =>
    Math.max(nowMs, (kv.current?.updatedAt ?? 0) + 1),
  ),
);
/** `wrangler kv key put` leaves no timestamp. */
const keyPut = document.map((text) => byHand(`key put ${text}`, "unmarked", text, () => null));
const keyDelete = fc.constant(byHand("key delete", "hand", null, () => null));

/** Somebody restores a backup whose documents have their old timestamps. */
const backup = fc.nat(5).map((back) =>
  command(`backup ${back}`, (world) => {
    const value = world.kv.marked.at(-1 - back);
    if (value === undefined) return;
    try {
      world.kv.set(value);
    } catch {
      return;
    }
    world.wrote("backup", value.text, value.updatedAt);
  }),
);

const look = lag.map((lag) => command("look", (world) => world.read(lag)));
const ring = fc.constant(command("ring", (world) => world.object.flush()));
const wait = fc.constantFrom(1_000, 35_000, 120_000, 660_000).map((ms) =>
  command(`wait ${ms}`, (world) => {
    world.nowMs += ms;
  }),
);
const outage = fc.boolean().map((isDown) =>
  command(`KV down: ${isDown}`, ({ kv }) => {
    kv.isDown = isDown;
  }),
);
const quota = fc.boolean().map((isOver) =>
  command(`KV over quota: ${isOver}`, ({ kv }) => {
    kv.takesNoWrites = isOver;
  }),
);
const restart = fc.constant(command("restart", (world) => world.object.restart(world.isOldCode)));
const code = fc.boolean().map((isOld) =>
  command(isOld ? "code rolled back" : "code rolled forward", (world) => {
    world.isOldCode = isOld;
    world.object.restart(isOld);
  }),
);
/** Some minutes in which the object reads KV and its alarm fires, and KV shows documents of different ages. */
const live = fc.array(lag, { minLength: 1, maxLength: 30 }).map((lags) =>
  command(`live ${lags.length}`, async (world) => {
    for (const lag of lags) await lookAndRing(world, lag);
  }),
);

export const configCommands = fc.commands(
  [
    put,
    remove,
    rollback,
    push,
    keyPut,
    keyDelete,
    backup,
    look,
    look,
    ring,
    wait,
    outage,
    quota,
    restart,
    code,
    live,
  ],
  { maxCommands: 40, size: "max" },
);

/** KV works again and shows its newest documents, the code knows every field, and nobody writes. */
export async function comeToRest(world: ConfigWorld): Promise<void> {
  world.kv.isDown = false;
  world.kv.takesNoWrites = false;
  world.isOldCode = false;
  world.object.restart(false);
  for (const untilMs = world.nowMs + REST_MS; world.nowMs < untilMs; ) await lookAndRing(world, 0);
  const wrong = world.wrongAtRest();
  if (wrong !== null) throw new Error(`at rest: ${wrong}`);
}

async function lookAndRing(world: ConfigWorld, lag: number): Promise<void> {
  world.nowMs += LOOK_EVERY_MS;
  world.read(lag);
  await world.object.flush();
  const wrong = world.wrongNow();
  if (wrong !== null) throw new Error(wrong);
}
