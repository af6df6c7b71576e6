/**
 * Prints the bill for people, in a terminal and as the tables of docs/operations.md.
 * @module
 */
import { table } from "../terminal/table.ts";
import { type Bill, type BillLine, number } from "./bill.ts";
import { PAID_PLAN, PRICES_READ } from "./prices.ts";

export interface Reported {
  /** The request in words. */
  readonly title: string;
  readonly bill: Bill;
  /** Day of the counts. */
  readonly measured: string;
}

export function asText({ title, bill, measured }: Reported): string {
  const [head, ...rows] = rowsOf(bill);
  const aligns = (head ?? []).map((_, column) => (column === 0 ? "left" : "right") as "left" | "right");
  return [
    title,
    "",
    ...table([head ?? [], ...rows], aligns),
    "",
    ...verdict(bill),
    "",
    `Counted ${measured} on workerd, prices read ${PRICES_READ} in Cloudflare's documentation. An estimate, no offer.`,
  ].join("\n");
}

export function asMarkdown({ bill }: Reported): string {
  const rows = rowsOf(bill);
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line), "", ...verdict(bill)].join("\n");
}

function rowsOf(bill: Bill): string[][] {
  return bill.plan === "free" ? freeRows(bill) : paidRows(bill);
}

function freeRows({ lines }: Bill): string[][] {
  const limited = lines.filter(({ freePerDay }) => freePerDay !== null);
  return [
    ["Free plan", "a day", "there is", "fits"],
    ...limited.map((line) => {
      const { perDay, freePerDay } = line;
      return [
        titleOf(line),
        number(perDay),
        number(freePerDay ?? 0),
        perDay <= (freePerDay ?? 0) ? "yes" : "no",
      ];
    }),
  ];
}

function paidRows({ lines, dollars }: Bill): string[][] {
  return [
    ["Paid plan", "a month", "included", "dollars"],
    ["The plan", "", "", cents(PAID_PLAN.dollars)],
    ...lines.map((line) => [
      titleOf(line),
      number(line.perMonth),
      number(line.included),
      cents(line.dollars),
    ]),
    ["In all", "", "", cents(dollars)],
  ];
}

function verdict({ plan, problems, dollars, loadBalancing }: Bill): string[] {
  const beside = `Cloudflare Load Balancing: ${cents(loadBalancing.dollars)} dollars a month${loadBalancing.isConfirmed ? "" : ", by what its users publish: not confirmed"}.`;
  if (plan === "paid") return [`${cents(dollars)} dollars a month. ${beside}`];
  if (problems.length === 0) return [`It fits the free plan. ${beside}`];
  return ["It does not fit the free plan:", "", ...problems.map((problem) => `- ${problem}`), "", beside];
}

function titleOf({ title, unit }: BillLine): string {
  return unit === "" ? title : `${title}, ${unit}`;
}

function cents(dollars: number): string {
  return dollars.toFixed(2);
}
