/**
 * `import FORMAT FILE...`: other balancers' configurations as ours.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { compare } from "../lib/compare/compare.ts";
import { COMPARE_ARGUMENTS, COMPARE_USAGE, compareOptions } from "../lib/compare/options.ts";
import { loadConfigText, systemMessage } from "../lib/config-file.ts";
import { importCloudflare } from "../lib/import/cloudflare/index.ts";
import { importHaproxy } from "../lib/import/haproxy/index.ts";
import { importNginx } from "../lib/import/nginx/index.ts";
import type { FileImportOptions, Scheme } from "../lib/import/origin-url.ts";
import { ImportError, type Imported } from "../lib/import/result.ts";
import { readSource } from "../lib/import/source.ts";
import { UsageError } from "../lib/options.ts";
import { type Command, EXIT } from "./command.ts";

const FORMATS: Readonly<Record<string, (files: string[], options: FileImportOptions) => Promise<Imported>>> =
  {
    cloudflare: async (files, options) =>
      importCloudflare(
        files.map((name) => ({ name, text: readSource(name) })),
        options,
      ),
    haproxy: async (files, options) => importHaproxy(files, options),
    nginx: async (files, options) => importNginx(files, options),
  };

export const importCommand: Command = {
  usage: "import cloudflare|haproxy|nginx FILE...",
  does: "make a configuration of Cloudflare Load Balancing's, HAProxy's or nginx's",
  options: [
    "  The configuration goes to stdout; what is not the same, or lost, to stderr. docs/importing.md has it all.",
    "",
    "  --out FILE            write the configuration there instead of to stdout",
    "  --scheme http|https   how to talk to the origins, instead of what the file hints at",
    "  --name ADDRESS=HOST   the DNS name of an IP address, which Workers cannot fetch; may be repeated",
    "  --prefix DIRECTORY    haproxy, nginx: what stands for /etc/haproxy, /etc/nginx, instead of the first file's directory",
    "  --local               leave IP addresses as they are: for running on this machine only",
    COMPARE_USAGE,
  ].join("\n"),
  run,
};

async function run(args: string[]): Promise<number> {
  const { format, files, out, options, comparison } = parse(args);
  try {
    const { config, findings } = await format(files, options);
    const text = `${JSON.stringify(config, null, 2)}\n`;
    const checked = loadConfigText(text, "the result", {
      allowIpOrigins: options.local,
    });
    if (!checked.ok)
      throw new ImportError(["nothing is written: the result has errors", ...checked.errors].join("\n"));
    if (out === null) process.stdout.write(text);
    else await write(out, text);
    const report = findings.report();
    if (report !== "") console.error(report);
    if (comparison === null) return EXIT.ok;
    const { report: compared, isSame } = await compare(text, checked.config, comparison);
    console.error(compared);
    return isSame ? EXIT.ok : EXIT.no;
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    console.error(error.message);
    return EXIT.refused;
  }
}

function parse(args: string[]) {
  const { values, positionals } = parseArgs({
    args,
    options: {
      out: { type: "string" },
      scheme: { type: "string" },
      name: { type: "string", multiple: true, default: [] },
      prefix: { type: "string" },
      local: { type: "boolean", default: false },
      ...COMPARE_ARGUMENTS,
    },
    allowPositionals: true,
  });
  const [name, ...files] = positionals;
  const format = name !== undefined && Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) {
    const known = Object.keys(FORMATS)
      .join(", ")
      .replace(/, (?=\w+$)/, " or ");
    throw new UsageError(
      name === undefined ? `import takes ${known}` : `import knows ${known}, not "${name}"`,
    );
  }
  if (files.length === 0) throw new UsageError("import takes at least one file");
  const names = new Map(values.name.map(parseName));
  const options: FileImportOptions = {
    scheme: parseScheme(values.scheme),
    names,
    prefix: values.prefix ?? null,
    local: values.local,
  };
  return { format, files, out: values.out ?? null, options, comparison: compareOptions(values) };
}

function parseScheme(text: string | undefined): Scheme | null {
  if (text === undefined || text === "http" || text === "https") return text ?? null;
  throw new UsageError(`--scheme: ${JSON.stringify(text)} is neither http nor https`);
}

function parseName(text: string): [address: string, host: string] {
  const match = /^([^=]+)=([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)$/.exec(text);
  if (match === null) throw new UsageError(`--name: ${JSON.stringify(text)} is not ADDRESS=HOSTNAME`);
  return [match[1] ?? "", match[2] ?? ""];
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new ImportError(`${path}: cannot be written: ${systemMessage(error)}`);
  }
}
