/**
 * Comments and documents refer to sections, files and headings. These tests fail when one of them is moved or renamed,
 * and name whoever still refers to it.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../../..");
const FOLDERS = ["src", "sim", "bench", "scripts", "test", "docs", "examples", "schema", ".ci"];
const PLATFORM = "docs/platform.md";

/** A user's own configuration, as the documents name it. */
const OF_USERS = new Set(["lb.jsonc", "pools.jsonc"]);

const FILES: readonly string[] = [
  ...readdirSync(ROOT).filter((name) => statSync(join(ROOT, name)).isFile()),
  ...FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
  ).filter((name) => statSync(join(ROOT, name)).isFile()),
];
const SOURCES = FILES.filter((file) => /\.(tsx?|js|css|toml|yml)$|^\.ci\//.test(file));
const DOCUMENTS = FILES.filter((file) => file.endsWith(".md"));

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

/** The comments of a source file, each on one line. Lines of `//` or `#` that follow one another are one comment. */
function commentsOf(text: string): string[] {
  const comments: string[] = [];
  let inBlock = false;
  let isOpen = false;
  for (const line of text.split("\n")) {
    const startsBlock = /^\s*\{?\/\*/.test(line);
    const words = inBlock || startsBlock ? line : /(?:^|\s)(?:\/\/|#) (.*)$/.exec(line)?.[1];
    const goesOn = (inBlock || isOpen) && words !== undefined && !startsBlock;
    if (words !== undefined) {
      const plain = words.replace(/^\s*(\{?\/\*\*?|\*(?!\/))?|\*\/.*$/g, "").trim();
      comments.push(goesOn ? `${comments.pop() ?? ""} ${plain}` : plain);
    }
    inBlock = (inBlock || startsBlock) && !line.includes("*/");
    isOpen = words !== undefined && !startsBlock && /^\s*(\/\/|#)/.test(line);
  }
  return comments;
}

/** Paths and names of files in a text; addresses are none. */
function filesIn(text: string): string[] {
  const words = text.replace(/\b[a-z]+:\/\/[^\s)>`]+/g, " ");
  const found = words.matchAll(
    /(?<![\w./*<@-])(?:[\w.-]+\/)*[\w-][\w.-]*\.(?:md|tsx?|jsonc?|toml)\b(?![\w/*.-])/g,
  );
  return [...found].map(([name]) => name);
}

/** True if `name`, written in `file`, is a file: from there, from the root, or by the end of its path. */
function isThere(name: string, file: string): boolean {
  if (OF_USERS.has(name)) return true;
  const near = normalize(join(dirname(file), name));
  return FILES.some((each) => each === near || each === name || each.endsWith(`/${name}`));
}

/** The headings of a document, without its code. */
function headingsOf(document: string): string[] {
  const text = read(document).replace(/^```[\s\S]*?^```/gm, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) => title);
}

/** As GitHub makes it of a heading. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");

/** Every way in which `comment` cites the platform's facts without naming a section that is there. */
function badPlatformCitations(comment: string, sections: readonly string[]): string[] {
  const cited = comment.split(PLATFORM).slice(1);
  return cited.filter((rest) => {
    const section = /^, ([\w -]+(?:\.\w+)*)/.exec(rest)?.[1];
    return section === undefined || !sections.includes(section.trim().toLowerCase());
  });
}

const SECTIONS: readonly string[] = headingsOf(PLATFORM).map((title) => title.toLowerCase());

describe("comments", () => {
  const comments = SOURCES.flatMap((file) => commentsOf(read(file)).map((comment) => ({ file, comment })));

  it("cite only existing sections of docs/platform.md", () => {
    const citing = comments.filter(({ comment }) => comment.includes(PLATFORM));
    expect(citing.length).toBeGreaterThan(20);
    const bad = citing.flatMap(({ file, comment }) =>
      badPlatformCitations(comment, SECTIONS).map((rest) => `${file}: ${PLATFORM}${rest.slice(0, 60)}`),
    );
    expect(bad).toEqual([]);
  });

  it("cite no notes outside the repository", () => {
    expect(comments.filter(({ comment }) => /\b(?:PLATFORM|DESIGN)\b/.test(comment))).toEqual([]);
  });

  it("name files that are in the repository", () => {
    const missing = comments.flatMap(({ file, comment }) =>
      filesIn(comment)
        .filter((name) => !isThere(name, file))
        .map((name) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe("the reading of comments", () => {
  it("joins the lines of a comment, and keeps comments and code apart", () => {
    const text = [
      "/**",
      " * One (docs/platform.md,",
      " * alarms).",
      " */",
      'const a = "/* none */"; // two',
      "  // three,",
      "  // still three",
      "const b = 1;",
      "/** Four. */",
      "{/* five */}",
    ].join("\n");
    expect(commentsOf(text).map((comment) => comment.trim())).toEqual([
      "One (docs/platform.md, alarms).",
      "two",
      "three, still three",
      "Four.",
      "five",
    ]);
  });

  it("notices a citation of a missing section, and one without a section", () => {
    expect(badPlatformCitations("See (docs/platform.md, alarms).", ["alarms"])).toEqual([]);
    expect(badPlatformCitations("See (docs/platform.md, Alarms; and more).", ["alarms"])).toEqual([]);
    expect(badPlatformCitations("See docs/platform.md, request.cf. More.", ["request.cf"])).toEqual([]);
    expect(badPlatformCitations("See (docs/platform.md, bells).", ["alarms"])).toHaveLength(1);
    expect(badPlatformCitations("See docs/platform.md.", ["alarms"])).toHaveLength(1);
  });

  it("finds paths and bare names of files, and no addresses", () => {
    expect(filesIn("See docs/a.md, ../b.ts (c-d.test.ts) and `e.toml`; https://f.example/g.md")).toEqual([
      "docs/a.md",
      "../b.ts",
      "c-d.test.ts",
      "e.toml",
    ]);
    expect(isThere("edge/proxy.ts", "src/pool/leases/pacer.ts")).toBe(true);
    expect(isThere("edge/prox.ts", "src/pool/leases/pacer.ts")).toBe(false);
  });
});

describe("documents", () => {
  it("name files that are in the repository", () => {
    // The change log tells of files that are gone.
    const missing = DOCUMENTS.filter((file) => file !== "CHANGELOG.md").flatMap((file) =>
      filesIn(read(file).replace(/^ *```[\s\S]*?^ *```/gm, ""))
        .filter((name) => !isThere(name, file))
        .map((name) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it("link to files and headings that are there", () => {
    const broken = DOCUMENTS.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
        .filter(([, path = "", anchor]) => {
          const target = path === "" ? file : normalize(join(dirname(file), path));
          if (!FILES.includes(target) && !FOLDERS.some((folder) => target.startsWith(folder))) return true;
          return anchor !== undefined && !headingsOf(target).map(anchorOf).includes(anchor);
        })
        .map(([link]) => `${file}: ${link}`),
    );
    expect(broken).toEqual([]);
  });
});
