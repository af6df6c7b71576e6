/**
 * Ranges of addresses (CIDR, RFC 4632 and RFC 4291, 2.3). An IPv4-mapped address counts as its IPv4 address, in ranges
 * and in the addresses that are looked up.
 * @module
 */
import { ipv6Groups } from "../affinity/client-ip.ts";

/** An address in groups of 16 bits: two of IPv4, eight of IPv6. */
export type AddressGroups = readonly number[];

export interface AddressRange {
  readonly groups: AddressGroups;
  /** Number of leading bits that count. */
  readonly bits: number;
}

const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const MAPPED_BITS = 96;

/** Parses `192.0.2.0/24`, `2001:db8::/32`; null: the text is no range. Bits beyond the prefix do not count. */
export function parseRange(text: string): AddressRange | null {
  const [, address = "", length = ""] = /^([^/%]+)\/(\d{1,3})$/.exec(text) ?? [];
  const written = writtenGroups(address);
  if (written === null) return null;
  const groups = withoutMapping(written);
  // A range wider than all mapped addresses would hold both IPv4 and IPv6 addresses, which nobody means.
  const bits = Number(length) - (groups.length < written.length ? MAPPED_BITS : 0);
  return bits >= 0 && bits <= groups.length * 16 ? { groups, bits } : null;
}

/** The address in groups; null: the text is no address. The zone of an IPv6 address does not count. */
export function parseAddress(text: string): AddressGroups | null {
  const groups = writtenGroups(text);
  return groups === null ? null : withoutMapping(groups);
}

export function isInRange(address: AddressGroups, { groups, bits }: AddressRange): boolean {
  if (address.length !== groups.length) return false;
  const whole = bits >> 4;
  for (let i = 0; i < whole; i++) if (address[i] !== groups[i]) return false;
  const shift = 16 - (bits & 15);
  return shift === 16 || (address[whole] ?? 0) >> shift === (groups[whole] ?? 0) >> shift;
}

/** True if every address of `inner` is in `outer`. */
export function rangeCovers(outer: AddressRange, inner: AddressRange): boolean {
  return outer.bits <= inner.bits && isInRange(inner.groups, outer);
}

function writtenGroups(text: string): AddressGroups | null {
  const dotted = DOTTED.exec(text);
  if (dotted === null) return text.includes(":") ? ipv6Groups(text) : null;
  const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number);
  return Math.max(a, b, c, d) > 255 ? null : [(a << 8) | b, (c << 8) | d];
}

function withoutMapping(groups: AddressGroups): AddressGroups {
  const isMapped =
    groups.length === 8 && groups[5] === 0xffff && !groups.slice(0, 5).some((group) => group > 0);
  return isMapped ? groups.slice(6) : groups;
}
