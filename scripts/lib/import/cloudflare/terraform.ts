/**
 * Resources in Terraform's JSON: of `terraform show -json`, and of a state file. Provider v4 writes them in its own
 * way; here they become what the API gives, which provider v5 writes anyway.
 *
 * Sources: Terraform, "JSON Output Format" and state format 4; the provider's schemas `cloudflare_load_balancer`,
 * `..._pool` and `..._monitor`.
 * @module
 */

import type { ConfigPath } from "../../../../src/config/errors.ts";
import { ownValue } from "../../../../src/core/own-value.ts";
import { isObject, type Kind, type Raw } from "./raw.ts";

const TYPES: Readonly<Record<string, Kind>> = {
  cloudflare_load_balancer: "load_balancers",
  cloudflare_load_balancer_monitor: "monitors",
  cloudflare_load_balancer_pool: "pools",
};

/** @returns null if `value` is none of Terraform's documents */
export function terraformItems(value: unknown): Raw[] | null {
  if (!isObject(value)) return null;
  if (isObject(value.values)) return shown(value.values.root_module, ["values", "root_module"]);
  if (isObject(value.planned_values)) {
    return shown(value.planned_values.root_module, ["planned_values", "root_module"]);
  }
  // An empty state, as `terraform show -json` prints it.
  if ("format_version" in value) return [];
  return "terraform_version" in value && Array.isArray(value.resources) ? stored(value.resources) : null;
}

/** A module's resources, and those of its modules. */
function shown(module: unknown, path: ConfigPath): Raw[] {
  if (!isObject(module)) return [];
  const own = listOf(module.resources).flatMap((resource, index) =>
    isObject(resource) ? itemOf(resource, resource.values, [...path, "resources", index, "values"]) : [],
  );
  const below = listOf(module.child_modules).flatMap((child, index) =>
    shown(child, [...path, "child_modules", index]),
  );
  return [...own, ...below];
}

/** The instances of a state file's resources. */
function stored(resources: readonly unknown[]): Raw[] {
  return resources.flatMap((resource, index) => {
    if (!isObject(resource)) return [];
    return listOf(resource.instances).flatMap((instance, at) =>
      isObject(instance)
        ? itemOf(resource, instance.attributes, ["resources", index, "instances", at, "attributes"])
        : [],
    );
  });
}

/** Data sources only read what a resource of this or another state owns. */
function itemOf(resource: Record<string, unknown>, values: unknown, path: ConfigPath): Raw[] {
  const kind = typeof resource.type === "string" ? ownValue(TYPES, resource.type) : undefined;
  if (kind === undefined || resource.mode === "data" || !isObject(values)) return [];
  return [{ kind, value: asApi(values), path, locate: (steps) => located(values, steps) }];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

const RENAMED: Readonly<Record<string, string>> = {
  default_pool_ids: "default_pools",
  fallback_pool_id: "fallback_pool",
};

/** Blocks of which there is at most one: a list of one, or of none. */
const SINGLE: ReadonlySet<string> = new Set([
  "adaptive_routing",
  "fixed_response",
  "load_shedding",
  "location_strategy",
  "origin_steering",
  "overrides",
  "random_steering",
  "session_affinity_attributes",
]);

/** Lists of blocks that are maps in the API, with the field that has the key and the one that has the value. */
const MAPS: Readonly<Record<string, readonly [key: string, value: string]>> = {
  country_pools: ["country", "pool_ids"],
  header: ["header", "values"],
  pop_pools: ["pop", "pool_ids"],
  region_pools: ["region", "pool_ids"],
};

/** Where provider v4 writes 0 for absent. */
const ZERO_IS_ABSENT: ReadonlySet<string> = new Set(["port", "session_affinity_ttl", "ttl"]);

function asApi(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [ownValue(RENAMED, name) ?? name, fieldOf(name, value)]),
  );
}

function fieldOf(name: string, value: unknown): unknown {
  if (value === 0 && ZERO_IS_ABSENT.has(name)) return null;
  const map = ownValue(MAPS, name);
  if (map !== undefined && Array.isArray(value)) return mapOf(value, map);
  if (SINGLE.has(name) && Array.isArray(value)) return isObject(value[0]) ? asApi(value[0]) : null;
  if (Array.isArray(value)) return value.map((item) => (isObject(item) ? asApi(item) : item));
  return isObject(value) ? asApi(value) : value;
}

function mapOf(blocks: readonly unknown[], [key, value]: readonly [string, string]): Record<string, unknown> {
  return Object.fromEntries(
    blocks.filter(isObject).flatMap((block) => {
      const name = block[key];
      return typeof name === "string" ? [[name, block[value]]] : [];
    }),
  );
}

/** Where a path of the API's form stands in Terraform's; as far as it can be told. */
function located(values: unknown, steps: ConfigPath): ConfigPath {
  const found: (string | number)[] = [];
  let here = values;
  for (const step of steps) {
    if (Array.isArray(here) && typeof step === "string") {
      const index =
        here.length === 1
          ? 0
          : here.findIndex((block) => isObject(block) && Object.values(block).includes(step));
      if (index < 0) return found;
      found.push(index);
      here = here[index];
      // A map's key is in the block itself.
      if (isObject(here) && !(step in here)) return found;
    }
    const old = Object.keys(RENAMED).find((name) => RENAMED[name] === step && isObject(here) && name in here);
    const name = old ?? step;
    found.push(name);
    here = (here as Record<string | number, unknown> | null | undefined)?.[name];
  }
  return found;
}
