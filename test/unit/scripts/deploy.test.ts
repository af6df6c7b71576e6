import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { deploy } from "../../../scripts/lib/deploy/deploy.ts";
import { declaredBindings } from "../../../scripts/lib/deploy/undeclared.ts";
import { Failure } from "../../../scripts/lib/failure.ts";
import { PROJECT } from "../../../scripts/lib/project.ts";
import { WranglerError } from "../../../scripts/lib/wrangler.ts";
import { CONFIG, DeployWorld, REQUIRED } from "./deploy-world.ts";

describe("a first deploy", () => {
  test("makes the secrets, brings the configuration to KV and says what is next", async () => {
    const world = new DeployWorld();
    expect(await world.run()).toBe(true);
    expect(world.ran).toEqual(["whoami --json", "secret list", "deploy --secrets-file", `push ${CONFIG}`]);
    expect(Object.keys(world.secrets ?? {})).toEqual(REQUIRED);
    for (const value of Object.values(world.secrets ?? {})) expect(value).toMatch(/^[\w-]{43}$/);
    expect(world.secretsMode).toBe(0o600);
    expect(existsSync(world.secretsFile), "the file is gone").toBe(false);
    expect(world.text).toContain(world.secrets?.ADMIN_TOKEN);
    expect(world.text).not.toContain(world.secrets?.AFFINITY_SECRET);
    expect(world.text).toContain("https://edge-balancer.team.workers.dev/_lb/");
    expect(world.text).not.toContain("pools.jsonc");
  });

  test("takes secrets from the environment, or as they are typed, and does not show those", async () => {
    const given = new DeployWorld();
    given.env = { ADMIN_TOKEN: "from-the-environment" };
    given.ask = null;
    await given.run();
    expect(given.secrets?.ADMIN_TOKEN).toBe("from-the-environment");
    expect(given.text).not.toContain("from-the-environment");
    const typed = new DeployWorld();
    typed.ask = async (question) => (question.includes("ADMIN_TOKEN") ? " typed-token " : "");
    await typed.run();
    expect(typed.secrets?.ADMIN_TOKEN).toBe("typed-token");
    expect(typed.text).not.toContain("typed-token");
  });

  test("where nobody can be asked, needs the token from the environment", async () => {
    const world = new DeployWorld();
    world.ask = null;
    await expect(world.run()).rejects.toThrow("ADMIN_TOKEN");
    expect(world.ran).not.toContain("deploy --secrets-file");
  });

  test("without a configuration says how to bring one", async () => {
    const world = new DeployWorld();
    expect(await world.run({ config: null })).toBe(true);
    expect(world.text).toContain("npm run pools -- push pools.jsonc --remote");
  });

  test("signs in first, or says that nobody can", async () => {
    const world = new DeployWorld();
    world.signedIn = false;
    await world.run();
    expect(world.ran.slice(0, 2)).toEqual(["whoami --json", "login"]);
    world.ask = null;
    await expect(world.run()).rejects.toThrow("CLOUDFLARE_API_TOKEN");
  });
});

describe("a later deploy", () => {
  test("leaves secrets and configuration as they are", async () => {
    const world = new DeployWorld();
    world.existing = [...REQUIRED, "ADMIN_TOKENS"];
    world.documents = 3;
    expect(await world.run({ more: ["--env", "staging"] })).toBe(true);
    expect(world.ran).toEqual(["whoami --json", "secret list --env staging", "deploy --env staging"]);
    expect(world.secrets).toBe(null);
    expect(world.text).toContain("stays as it is");
  });

  test("never replaces a secret, whatever the environment holds", async () => {
    const world = new DeployWorld();
    world.existing = [...REQUIRED];
    world.env = { ADMIN_TOKEN: "another-admin-token", AFFINITY_SECRET: "another-affinity-secret" };
    await world.run();
    expect([world.secrets, world.ran]).toEqual([
      null,
      ["whoami --json", "secret list", "deploy", `push ${CONFIG}`],
    ]);
  });

  test.each([
    [["--env", "staging"], "--env staging"],
    [["-e", "staging", "--minify"], "-e staging"],
    [["--env=staging", "--name", "lb2"], "--env=staging --name lb2"],
    [["--var", "X:--env"], ""],
  ])("looks for the secrets of the Worker that is deployed: %j", async (more, target) => {
    const world = new DeployWorld();
    world.existing = [...REQUIRED];
    await world.run({ more });
    expect(world.ran[1]).toBe(`secret list ${target}`.trim());
  });

  test("asks for and deploys to the environment that is named", async () => {
    const world = new DeployWorld();
    world.existing = [...REQUIRED];
    world.documents = 3;
    expect(await world.run({ env: "staging", config: CONFIG })).toBe(true);
    expect(world.ran).toEqual(["whoami --json", "secret list --env staging", "deploy --env staging"]);
    expect(world.text).toContain(`npm run pools -- push ${CONFIG} --remote --env staging`);
  });

  test("sets a secret that came to be required", async () => {
    const world = new DeployWorld();
    world.existing = ["ADMIN_TOKEN"];
    await world.run();
    expect(Object.keys(world.secrets ?? {})).toEqual(["AFFINITY_SECRET"]);
  });

  test("says so where KV cannot be read, and is done all the same", async () => {
    const world = new DeployWorld();
    world.documents = new Failure("No namespace ID is configured");
    expect(await world.run()).toBe(true);
    expect(world.text).toContain("No namespace ID is configured");
    expect(world.text).toContain("npm run pools -- push");
  });
});

describe("nothing is changed", () => {
  test("if the configuration is bad", async () => {
    const world = new DeployWorld();
    expect(await world.run({ config: join(PROJECT, "examples/none.jsonc") })).toBe(false);
    expect(world.ran).toEqual([]);
    expect(world.text).toContain("nothing was deployed");
  });

  test("by a dry run", async () => {
    const world = new DeployWorld();
    world.ask = null;
    expect(await world.run({ dryRun: true })).toBe(true);
    expect(world.ran).toEqual(["deploy --dry-run"]);
    world.deployCode = 1;
    expect(await world.run({ dryRun: true })).toBe(false);
  });

  test.each([
    "✘ [ERROR] A request to the Cloudflare API failed.\n  upstream host not found",
    "✘ [ERROR] Account not found [code: 7003]",
    "✘ [ERROR] This Worker does not exist on your account. [code: 10000]",
    "✘ [ERROR] Namespace 10007 not found",
    '✘ [ERROR] Worker "edge-balancer" not found by the proxy',
    "getaddrinfo ENOTFOUND api.cloudflare.com",
    "fetch failed",
  ])("if it cannot be told whether the Worker has its secrets: %s", async (message) => {
    const world = new DeployWorld();
    world.env = { ADMIN_TOKEN: "another-admin-token", AFFINITY_SECRET: "another-affinity-secret" };
    const wrangler = async ([command]: readonly string[]) => {
      if (command === "secret") throw new WranglerError(message);
      return "{}";
    };
    const options = { config: null, dryRun: false, env: null, more: [] };
    await expect(deploy(options, { ...world.tools(), wrangler })).rejects.toThrow("nothing was deployed");
    expect(world.ran).toEqual([]);
  });

  test.each(["", "No secrets", "{}", '[{"name":'])(
    "if the list of secrets is no list: %j",
    async (output) => {
      const world = new DeployWorld();
      const wrangler = async ([command]: readonly string[]) => (command === "secret" ? output : "{}");
      const options = { config: null, dryRun: false, env: null, more: [] };
      await expect(deploy(options, { ...world.tools(), wrangler })).rejects.toThrow("nothing was deployed");
      expect(world.ran).toEqual([]);
    },
  );

  test("if the secrets cannot be listed; a failed upload is said, and its secrets are gone from the disk", async () => {
    const world = new DeployWorld();
    const wrangler = async ([command]: readonly string[]) => {
      if (command === "secret") throw new WranglerError("try later");
      return "{}";
    };
    const tools = { ...world.tools(), wrangler };
    const options = { config: null, dryRun: false, env: null, more: [] };
    await expect(deploy(options, tools)).rejects.toThrow("nothing was deployed");
    expect(world.ran).toEqual([]);
    world.deployCode = 1;
    await expect(world.run()).rejects.toThrow("did not deploy");
    expect(existsSync(world.secretsFile)).toBe(false);
  });
});

describe("origins with bindings", () => {
  const config = join(PROJECT, "examples/everything.jsonc");
  const warning =
    'warning: pools.api: origin "vpc" gets no requests, for wrangler.toml declares no binding ORIGIN_VPC';

  test("are deployed with a warning where wrangler.toml lacks one", async () => {
    const world = new DeployWorld();
    expect(await world.run({ config })).toBe(true);
    expect(world.printed).toContain(warning);
  });

  test("need none where it declares all", async () => {
    const world = new DeployWorld();
    world.declared = declaredBindings({
      name: "edge-balancer",
      kv_namespaces: [{ binding: "POOLS" }],
      vpc_services: [{ binding: "ORIGIN_VPC", service_id: "1" }],
    });
    await world.run({ config });
    expect(world.text).not.toContain("warning");
  });
});

describe("what Cloudflare's Deploy button reads", () => {
  const { secrets } = unstable_readConfig({ config: join(PROJECT, "wrangler.toml") });
  const read = (name: string) => readFileSync(join(PROJECT, name), "utf8");

  test("names the secrets that wrangler.toml requires, and none with a value", () => {
    expect(secrets?.required).toEqual(REQUIRED);
    expect(parseEnv(read(".dev.vars.example"))).toEqual({ ADMIN_TOKEN: "", AFFINITY_SECRET: "" });
  });

  test("describes them and the KV namespace", () => {
    const { bindings } = JSON.parse(read("package.json")).cloudflare;
    expect(Object.keys(bindings)).toEqual(["POOLS", ...REQUIRED]);
  });
});
