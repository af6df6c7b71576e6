import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DeployOptions, type DeployTools, deploy } from "../../../scripts/lib/deploy/deploy.ts";
import { Failure } from "../../../scripts/lib/failure.ts";
import { PROJECT } from "../../../scripts/lib/project.ts";
import { WranglerError } from "../../../scripts/lib/wrangler.ts";

export const CONFIG = join(PROJECT, "examples/simple.jsonc");
export const REQUIRED = ["ADMIN_TOKEN", "AFFINITY_SECRET"];

/** Cloudflare cannot be had here: wrangler is played, and what it is told is kept. */
export class DeployWorld {
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
  declared: ReadonlySet<string> = new Set();
  ask: DeployTools["ask"] = async () => "";

  tools(): DeployTools {
    return {
      env: this.env,
      ask: this.ask,
      required: REQUIRED,
      declared: this.declared,
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
    return deploy({ config: CONFIG, dryRun: false, env: null, more: [], ...options }, this.tools());
  }

  get text(): string {
    return this.printed.join("\n");
  }
}
