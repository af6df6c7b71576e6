/** The clock may go on between two looks of one call: what is recorded of one change names one moment all the same. */
import { describe, expect, it } from "vitest";
import { memorySql } from "../../../sim/lib/memory-sql.ts";
import { failures } from "../../support/origin-reports.ts";
import { VirtualObject } from "../../workers/virtual-object.ts";

/** A pool's object whose clock goes on with each look at it. */
function onRestlessClock(settings: object): VirtualObject {
  const origins = ["a", "b"].map((id) => ({ id, url: `https://${id}.example` }));
  const object = new VirtualObject(memorySql(), { origins, ...settings });
  let clockMs = object.nowMs;
  Object.defineProperty(object, "nowMs", { get: () => clockMs++ });
  return object;
}

it("an ejection lasts its base time from the moment that its event names", () => {
  const object = onRestlessClock({ outlier_detection: { consecutive_failures: 3, base_ejection_time: 30 } });
  object.controller.sync({
    isolate: "one",
    sequence: 1,
    snapshot: 0,
    active: {},
    origins: { a: failures("connect_failure", 3) },
    demand: { requests: 3, elapsed_ms: 1_000 },
    cursor: { want: 0, returned: [] },
  });
  const [event] = object.events("ejected");
  const untilMs = object.controller.state().originStates.ejectedUntilMs("a");
  expect((untilMs ?? 0) - (event?.at ?? 0)).toBe(30_000);
});

describe("the moment that an origin's record has is the one of its event", () => {
  const record = (object: VirtualObject) => object.controller.state().originStates.record("a");
  const check = { healthy_threshold: 1, unhealthy_threshold: 1 };

  it("when its drain begins and is taken back", () => {
    const object = onRestlessClock({});
    object.controller.drain("a", "test");
    expect(object.events("drain_started")[0]?.at).toBe(record(object)?.drain?.startedMs);
    object.controller.undrain("a");
    expect(object.events("undrained")[0]?.at).toBe(record(object)?.backSinceMs);
  });

  it("when its health turns", () => {
    const object = onRestlessClock({ health_check: check });
    const { originStates } = object.controller.state();
    originStates.applyProbe("a", false, "status 500");
    expect(object.events("unhealthy")[0]?.at).toBe(record(object)?.sinceMs);
    originStates.applyProbe("a", true, "");
    expect(object.events("healthy")[0]?.at).toBe(record(object)?.backSinceMs);
  });

  it("when it is held down as flapping, and no longer is", () => {
    const flap = { max_transitions: 2, window: 600, base_hold: 5, max_hold: 5 };
    const object = onRestlessClock({ health_check: { ...check, flap } });
    const { originStates } = object.controller.state();
    for (let turn = 0; turn < 4; turn++) originStates.applyProbe("a", turn % 2 === 1, "");
    expect(object.events("flapping")[0]?.at).toBe((record(object)?.flap.holdDownUntilMs ?? 0) - 5_000);
    while (record(object)?.holdDown) originStates.advance();
    expect(object.events("healthy")[0]?.at).toBe(record(object)?.backSinceMs);
  });
});
