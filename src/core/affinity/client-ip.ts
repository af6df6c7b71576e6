/**
 * Makes the key that identifies a client from its address.
 * @module
 */

/**
 * The key to hash a client by: an IPv4 address as it is, an IPv6 address cut to its /64. One subscriber gets a /64, and
 * devices change the rest at will (RFC 8981). An IPv4-mapped address is its IPv4 address. Text that is no address is
 * returned as it is.
 */
export function clientKey(address: string): string {
  if (!address.includes(":")) return address;
  const groups = ipv6Groups(address);
  if (groups === null) return address;
  const [g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0] = groups;
  const isMapped = (g0 | g1 | g2 | g3 | g4) === 0 && g5 === 0xffff;
  if (isMapped) return `${g6 >> 8}.${g6 & 0xff}.${g7 >> 8}.${g7 & 0xff}`;
  return `${g0.toString(16)}:${g1.toString(16)}:${g2.toString(16)}:${g3.toString(16)}::/64`;
}

/** The eight groups of an IPv6 address (RFC 4291, 2.2), without its zone; null if the text is no IPv6 address. */
export function ipv6Groups(address: string): number[] | null {
  const zone = address.indexOf("%");
  const halves = (zone < 0 ? address : address.slice(0, zone)).split("::");
  if (halves.length > 2) return null;
  const [front, back] = halves.map(groupsOf);
  if (front === undefined || front === null || back === null) return null;
  if (back === undefined) return front.length === 8 ? front : null;
  const zeros = 8 - front.length - back.length;
  return zeros < 1 ? null : [...front, ...new Array<number>(zeros).fill(0), ...back];
}

const GROUP = /^[0-9a-f]{1,4}$/i;
const DOTTED = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** The groups on one side of `::`; null if one of them is not valid. A dotted end stands for two groups. */
function groupsOf(text: string): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  for (const group of text.split(":")) {
    const dotted = DOTTED.exec(group);
    if (dotted !== null) {
      const [a = 0, b = 0, c = 0, d = 0] = dotted.slice(1).map(Number);
      if (Math.max(a, b, c, d) > 255) return null;
      groups.push((a << 8) | b, (c << 8) | d);
    } else if (GROUP.test(group)) groups.push(Number.parseInt(group, 16));
    else return null;
  }
  return groups;
}
