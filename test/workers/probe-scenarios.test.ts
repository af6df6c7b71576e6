/**
 * What other balancers' own tests expect of a probe, with real probes of real origins. Ids are those of our collection.
 */
import { describe, expect, inject, it } from "vitest";
import { parsePool } from "../../src/config/parse.ts";
import { proberThrough } from "../../src/pool/health/prober.ts";

const [url = "", other = ""] = inject("origins");

/** Probes once by a health check as a document has it. */
async function probed(healthCheck: Record<string, unknown>, at = url) {
  const parsed = parsePool(
    // No answer is too late on a slow machine.
    { origins: [{ id: "a", url: at }], health_check: { timeout: 60, ...healthCheck } },
    { allowIpOrigins: true },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const [origin] = parsed.value.origins;
  if (parsed.value.health_check === null || origin === undefined) throw new Error("no health check");
  return await proberThrough({})(parsed.value.health_check, origin);
}

const status = (code: number) => `/?status=${code}`;
/** What Traefik takes for healthy unless told otherwise. Here it is 2xx: a redirect says nothing of the page behind. */
const ANY_2XX_3XX = { expected_codes: "200-399" };

describe("an answer", () => {
  it.each([
    ["TRF-HC-01", 200, ANY_2XX_3XX, true],
    ["TRF-HC-02", 404, { expected_codes: "404" }, true],
    ["TRF-HC-03", 204, ANY_2XX_3XX, true],
    ["TRF-HC-04", 308, ANY_2XX_3XX, true],
    ["TRF-HC-04, with our default", 308, {}, false],
    ["TRF-HC-05", 503, ANY_2XX_3XX, false],
    ["TRF-HC-06", 200, { expected_codes: "503" }, false],
    ["HAP-HC-01", 202, { ...ANY_2XX_3XX, method: "OPTIONS" }, true],
  ])("%s: %i with %j passes: %s", async (_id, code, check, passed) => {
    expect(await probed({ ...check, path: status(code) })).toMatchObject({ passed });
  });

  it.each([
    ["TRF-HC-07", [503, 200], [false, true]],
    ["TRF-HC-08", [200, 503], [true, false]],
  ])("%s: each of %j is judged by itself", async (_id, codes, expected) => {
    const results = [];
    for (const code of codes) results.push((await probed({ path: status(code) })).passed);
    expect(results).toEqual(expected);
  });

  it("must have both its status and its text, where both are asked for (HAP-HC-01)", async () => {
    const check = { ...ANY_2XX_3XX, path: status(202) };
    expect(await probed({ ...check, expected_body: '"name":"o0"' })).toMatchObject({ passed: true });
    expect(await probed({ ...check, expected_body: "else" })).toMatchObject({ passed: false });
    expect(await probed({ expected_codes: "200", path: status(202), expected_body: "o0" })).toMatchObject({
      passed: false,
    });
  });
});

describe("a redirect to another origin (TRF-HC-09)", () => {
  const path = `/?status=303&location=${encodeURIComponent(`${other}${status(503)}`)}`;

  it("is judged itself, and the other is not asked", async () => {
    expect(await probed({ ...ANY_2XX_3XX, path })).toMatchObject({ passed: true });
  });

  it("is followed only if that is wanted", async () => {
    const followed = await probed({ ...ANY_2XX_3XX, path, follow_redirects: true });
    expect(followed).toMatchObject({ passed: false, detail: "status 503, expected 200-399" });
  });
});

describe("the request (TRF-HC-11)", () => {
  it.each([
    ["a header of one's own", { headers: { "Custom-Header": "foo" } }, '"custom-header":"foo"'],
    ["the origin's host and port as Host", {}, `"host":"${new URL(url).host}"`],
    // Traefik and others let a probe have another Host. workerd ignores that header, so the url's host it is.
    [
      "the same though another Host is wanted",
      { headers: { Host: "myhost" } },
      `"host":"${new URL(url).host}"`,
    ],
    ["the path behind the origin's own", { path: "/probe" }, '"url":"/base/probe"'],
  ])("has %s", async (_what, check, expected_body) => {
    expect(await probed({ ...check, expected_body }, `${url}/base`)).toMatchObject({ passed: true });
  });

  it("has the method that is wanted: an answer to HEAD has no body", async () => {
    expect(await probed({ method: "HEAD" })).toMatchObject({ passed: true });
    await expect(probed({ method: "HEAD", expected_body: "o0" })).rejects.toThrow("must be null");
  });
});
