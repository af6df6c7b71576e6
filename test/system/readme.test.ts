/**
 * The demo of the README: `npm start`, and every command it says to try.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { DEFAULT_PORT } from "../../scripts/lib/options.ts";
import { Running } from "./support/balancer.ts";
import { fetchRaw } from "./support/client.ts";
import { freePort } from "./support/ports.ts";
import { temporaryDirectory } from "./support/processes.ts";

const sh = promisify(execFile);

let demo: Running;
let url: string;

beforeAll(async () => {
  // The plain command, unless the default port is taken where the tests run, or just then.
  demo = new Running("npm", ["start"]);
  url = await demo.ready().catch(async (error: unknown) => {
    if (!demo.stderr.includes(`port ${DEFAULT_PORT} on 127.0.0.1 is already in use`)) throw error;
    demo = new Running("npm", ["start", "--", "--port", String(await freePort())]);
    return demo.ready();
  });
});

afterAll(() => demo?.kill());

function printed(pattern: RegExp): string {
  const found = pattern.exec(demo.stdout)?.[1];
  if (found === undefined) throw new Error(`the demo does not print ${pattern}`);
  return found;
}

test("the demo names the origins, the dashboard and an admin token", () => {
  expect(printed(/^Demo origins\s+(a http:\S+\s+b http:\S+\s+c http:\S+)$/m)).toBeTruthy();
  expect(printed(/^Dashboard\s+(\S+)/m)).toBe(`${url}/_lb/`);
  expect(printed(/^Admin token\s+([0-9a-f]{32})$/m)).toBeTruthy();
});

test("the commands it prints work as they stand", async () => {
  const commands = demo.stdout.split("\n").filter((line) => line.startsWith("  curl "));
  expect(commands.length).toBeGreaterThanOrEqual(6);
  const cwd = temporaryDirectory();
  for (const command of commands) {
    const curl = command.replace("curl ", "curl -sS --max-time 20 -w '\\n%{http_code}' ");
    const { stdout } = await sh("sh", ["-c", curl], { cwd });
    const [status, ...body] = stdout.split("\n").reverse();
    expect(body.join(""), command).not.toBe("");
    expect(status, command).toBe(command.includes("/status/503") ? "503" : "200");
  }
});

test("three origins take turns and say who they are", async () => {
  const bodies: string[] = [];
  for (let request = 0; request < 6; request++) bodies.push((await fetchRaw(url, "/")).body.toString());
  const names = bodies.map((body) => /origin ([abc])/.exec(body)?.[1]);
  expect(new Set(names.slice(0, 3))).toEqual(new Set(["a", "b", "c"]));
  expect(names.slice(3)).toEqual(names.slice(0, 3));
});

test("its WebSocket echoes", async () => {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`);
  const [greeting] = (await once(socket, "message")) as [Buffer];
  expect(greeting.toString()).toMatch(/^Hello from origin [abc]$/);
  socket.send("anyone there?");
  const [echo] = (await once(socket, "message")) as [Buffer];
  expect(echo.toString()).toBe("anyone there?");
  socket.close();
});
