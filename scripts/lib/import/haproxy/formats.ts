/**
 * Texts with samples in them, as placeholders of routes (manual, 8.2.4 "Custom log format").
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";

const IN_LOCATIONS: Readonly<Record<string, string>> = {
  HP: "{path}",
  HQ: "?{query}",
  HU: "{target}",
  "capture.req.uri": "{target}",
  "hdr(host)": "{host}",
  path: "{path}",
  pathq: "{target}",
  query: "{query}",
  url: "{target}",
};

const IN_HEADERS: Readonly<Record<string, string>> = {
  HP: "{path}",
  ID: "{request_id}",
  b: "{pool}",
  be_name: "{pool}",
  ci: "{client_ip}",
  "hdr(cf-connecting-ip)": "{client_ip}",
  "hdr(cf-ipcountry)": "{country}",
  "hdr(host)": "{host}",
  path: "{path}",
  s: "{origin}",
  src: "{client_ip}",
  srv_name: "{origin}",
  // Cloudflare is asked by https, at its port.
  dst_port: "443",
  fp: "443",
  ssl_fc: "1",
  unique_id: "{request_id}",
};

const PIECE = /%%|%(?:\{[^}]*\})?\[((?:[^[\]]|\[[^\]]*\])*)\]|%(?:\{[^}]*\})?([A-Za-z]+)|%|[^%]+/g;

/** `text` for the location of a redirect; null: it has a sample that no placeholder stands for. */
export function asLocation(text: string): string | null {
  return replaced(text, IN_LOCATIONS);
}

/** `text` for the value of a header; null as above. */
export function asHeaderValue(text: string): string | null {
  return replaced(text, IN_HEADERS);
}

/** `text` if it is the same for every request, else null. */
export function asConstant(text: string): string | null {
  return replaced(text, {})?.replace(/\{\{/g, "{").replace(/\}\}/g, "}") ?? null;
}

function replaced(text: string, known: Readonly<Record<string, string>>): string | null {
  let result = "";
  for (const [piece, sample, alias] of text.matchAll(PIECE)) {
    const name = sample === undefined ? alias : nameOf(sample);
    if (piece === "%%") result += "%";
    else if (name === undefined && piece !== "%") result += piece.replace(/[{}]/g, "$&$&");
    else {
      const placeholder = name === undefined ? undefined : ownValue(known, name);
      if (placeholder === undefined) return null;
      result += placeholder;
    }
  }
  return result;
}

/** `req.hdr(Host),lower` is the host as `hdr(host)` is: a host's case counts for nothing. */
function nameOf(sample: string): string {
  const name = sample
    .trim()
    .toLowerCase()
    .replace(/^req\./, "");
  if (name.startsWith("hdr(host)")) return name.replace(/,(lower|host_only|field\(1,:\)|word\(1,:\))/g, "");
  return name;
}
