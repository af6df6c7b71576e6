/**
 * `npm run pools` within this process, which saves its start: for commands that end by themselves and need no terminal.
 * Not for two at once: what they print could not be told apart.
 * @module
 */
import { vi } from "vitest";
import { runCommand } from "../../scripts/pools/commands.ts";

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * @param args those after `npm run pools --`
 * @param env variables that name a balancer; none of those of this process do
 */
export async function poolsHere(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const variables = Object.entries({ LB_URL: "", LB_ADMIN_TOKEN: "", ...env });
  const before = variables.map(([name]) => [name, process.env[name]] as const);
  for (const [name, value] of variables) process.env[name] = value;
  const [out, error] = [silenced("log"), silenced("error")];
  try {
    const code = await runCommand([...args]);
    return { code, stdout: printed(out), stderr: printed(error) };
  } finally {
    out.mockRestore();
    error.mockRestore();
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

const silenced = (name: "log" | "error") => vi.spyOn(console, name).mockImplementation(() => undefined);

function printed({ mock }: ReturnType<typeof silenced>): string {
  return mock.calls.map((line) => `${line.join(" ")}\n`).join("");
}
