/** Counts how often the items of a list are looked at. */
export function counted<T>(items: readonly T[]): { list: T[]; looks: () => number } {
  let looks = 0;
  const list = new Proxy([...items], {
    get(target, key, receiver) {
      if (typeof key === "string" && /^\d+$/.test(key)) looks++;
      return Reflect.get(target, key, receiver);
    },
  });
  return { list, looks: () => looks };
}
