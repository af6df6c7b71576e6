/**
 * nginx's variables as placeholders of routes.
 * @module
 */
import { ownValue } from "../../../../src/core/own-value.ts";
import { filledIn, type Scope } from "./scope.ts";

const IN_LOCATIONS: Readonly<Record<string, string>> = {
  args: "{query}",
  document_uri: "{path}",
  host: "{host}",
  http_host: "{host}",
  query_string: "{query}",
  request_uri: "{target}",
  // Cloudflare is asked by https.
  scheme: "https",
  uri: "{path}",
};

const IN_HEADERS: Readonly<Record<string, string>> = {
  document_uri: "{path}",
  geoip2_country_code: "{country}",
  geoip_country_code: "{country}",
  host: "{host}",
  http_host: "{host}",
  http_cf_ipcountry: "{country}",
  remote_addr: "{client_ip}",
  request_id: "{request_id}",
  scheme: "https",
  uri: "{path}",
};

/** `text` for the location of a redirect; null: it has a variable that no placeholder stands for. */
export function asLocation(text: string, scope: Scope): string | null {
  const whole = filledIn(text, scope.variables)
    .replace(/\$(uri|document_uri)\$is_args\$(args|query_string)/g, "$request_uri")
    .replace(/\$is_args\$(args|query_string)/g, "?$args");
  return replaced(whole, IN_LOCATIONS);
}

/** `text` for the value of a header; null as above. */
export function asHeaderValue(text: string, scope: Scope): string | null {
  return replaced(filledIn(text, scope.variables), IN_HEADERS);
}

function replaced(text: string, known: Readonly<Record<string, string>>): string | null {
  const names = [...text.matchAll(/\$(\w+)/g)].map(([, name = ""]) => name);
  if (names.some((name) => ownValue(known, name) === undefined) || /\$(?!\w)/.test(text)) return null;
  return text.replace(/[{}]/g, "$&$&").replace(/\$(\w+)/g, (_, name: string) => ownValue(known, name) ?? "");
}
