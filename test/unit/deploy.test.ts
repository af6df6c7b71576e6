import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { type DeployOptions, type DeployTools, deploy } from "../../scripts/lib/deploy/deploy.ts";
import { Failure } from "../../scripts/lib/failure.ts";
import { PROJECT } from "../../scripts/lib/project.ts";
import { WranglerError } from "../../scripts/lib/wrangler.ts";

const CONFIG = join(PROJECT, "examples/simple.jsonc");
const REQUIRED = ["ADMIN_TOKEN", "AFFINITY_SECRET"];

/** Cloudflare cannot be had here: wrangler is played, and what it is told is kept. */
class World {
  readonly ran: string[] = [];
  readonly printed: string[] = [];
  /** What the file held that wrangler was given, and its mode. */
  secrets: Record<string, string> | null = null;
  secretsMode = 0;
  secretsFile = "";
  signedIn = true;
  /** Names; null: the Worker does not exist. */
  existing: string[] | null = null;
  documents: number | Failure = 0;
  deployCode = 0;
  env: Record<string, string> = {};
  ask: DeployTools["ask"] = async () => "";

  tools(): DeployTools {
    return {
      env: this.env,
      ask: this.ask,
      required: REQUIRED,
      print: (text) => this.printed.push(text),
      complain: (text) => this.printed.push(text),
      wrangler: async ([command = "", ...rest]) => {
        this.ran.push([command, ...rest].join(" "));
        if (command === "whoami" && !this.signedIn) throw new WranglerError("not authenticated");
        if (command !== "secret") return "{}";
        if (this.existing === null) throw new WranglerError("Worker not found [code: 10007]");
        return JSON.stringify(this.existing.map((name) => ({ name, type: "secret_text" })));
      },
      show: async (args, env = {}) => {
        const at = args.indexOf("--secrets-file");
        this.ran.push(args.filter((_, index) => index !== at + 1 || at < 0).join(" "));
        if (args[0] === "login") return 0;
        if (at >= 0) this.#readSecrets(args[at + 1] ?? "");
        const target = { type: "deploy", targets: ["https://edge-balancer.team.workers.dev/"] };
        const output = env.WRANGLER_OUTPUT_FILE_PATH;
        if (output !== undefined) writeFileSync(output, `{"type":"other"}\n${JSON.stringify(target)}\n`);
        return this.deployCode;
      },
      push: async (file) => {
        this.ran.push(`push ${file}`);
        return 0;
      },
      stored: async () => {
        if (this.documents instanceof Failure) throw this.documents;
        return this.documents;
      },
    };
  }

  #readSecrets(file: string): void {
    this.secretsFile = file;
    this.secrets = JSON.parse(readFileSync(file, "utf8"));
    this.secretsMode = statSync(file).mode & 0o777;
  }

  run(options: Partial<DeployOptions> = {}): Promise<boolean> {
    return deploy({ config: CONFIG, dryRun: false, more: [], ...options }, this.tools());
  }

  get text(): string {
    return this.printed.join("\n");
  }
}

describe("a first deploy", () => {
  test("makes the secrets, brings the configuration to KV and says what is next", async () => {
    const world = new World();
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
    const given = new World();
    given.env = { ADMIN_TOKEN: "from-the-environment" };
    given.ask = null;
    await given.run();
    expect(given.secrets?.ADMIN_TOKEN).toBe("from-the-environment");
    expect(given.text).not.toContain("from-the-environment");
    const typed = new World();
    typed.ask = async (question) => (question.includes("ADMIN_TOKEN") ? " typed-token " : "");
    await typed.run();
    expect(typed.secrets?.ADMIN_TOKEN).toBe("typed-token");
    expect(typed.text).not.toContain("typed-token");
  });

  test("where nobody can be asked, needs the token from the environment", async () => {
    const world = new World();
    world.ask = null;
    await expect(world.run()).rejects.toThrow("ADMIN_TOKEN");
    expect(world.ran).not.toContain("deploy --secrets-file");
  });

  test("without a configuration says how to bring one", async () => {
    const world = new World();
    expect(await world.run({ config: null })).toBe(true);
    expect(world.text).toContain("npm run pools -- push pools.jsonc --remote");
  });

  test("signs in first, or says that nobody can", async () => {
    const world = new World();
    world.signedIn = false;
    await world.run();
    expect(world.ran.slice(0, 2)).toEqual(["whoami --json", "login"]);
    world.ask = null;
    await expect(world.run()).rejects.toThrow("CLOUDFLARE_API_TOKEN");
  });
});

describe("a later deploy", () => {
  test("leaves secrets and configuration as they are", async () => {
    const world = new World();
    world.existing = [...REQUIRED, "ADMIN_TOKENS"];
    world.documents = 3;
    expect(await world.run({ more: ["--env", "staging"] })).toBe(true);
    expect(world.ran).toEqual(["whoami --json", "secret list", "deploy --env staging"]);
    expect(world.secrets).toBe(null);
    expect(world.text).toContain("stays as it is");
  });

  test("sets a secret that came to be required", async () => {
    const world = new World();
    world.existing = ["ADMIN_TOKEN"];
    await world.run();
    expect(Object.keys(world.secrets ?? {})).toEqual(["AFFINITY_SECRET"]);
  });

  test("says so where KV cannot be read, and is done all the same", async () => {
    const world = new World();
    world.documents = new Failure("No namespace ID is configured");
    expect(await world.run()).toBe(true);
    expect(world.text).toContain("No namespace ID is configured");
    expect(world.text).toContain("npm run pools -- push");
  });
});

describe("nothing is changed", () => {
  test("if the configuration is bad", async () => {
    const world = new World();
    expect(await world.run({ config: join(PROJECT, "examples/none.jsonc") })).toBe(false);
    expect(world.ran).toEqual([]);
    expect(world.text).toContain("nothing was deployed");
  });

  test("by a dry run", async () => {
    const world = new World();
    world.ask = null;
    expect(await world.run({ dryRun: true })).toBe(true);
    expect(world.ran).toEqual(["deploy --dry-run"]);
    world.deployCode = 1;
    expect(await world.run({ dryRun: true })).toBe(false);
  });

  test("if the secrets cannot be listed; a failed upload is said, and its secrets are gone from the disk", async () => {
    const world = new World();
    const wrangler = async ([command]: readonly string[]) => {
      if (command === "secret") throw new WranglerError("try later");
      return "{}";
    };
    const tools = { ...world.tools(), wrangler };
    const options = { config: null, dryRun: false, more: [] };
    await expect(deploy(options, tools)).rejects.toThrow("nothing was deployed");
    expect(world.ran).toEqual([]);
    world.deployCode = 1;
    await expect(world.run()).rejects.toThrow("did not deploy");
    expect(existsSync(world.secretsFile)).toBe(false);
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
