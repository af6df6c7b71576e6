/** Says that the Worker lacks an origin's binding, to whoever can declare it. */
export function noBindingText(binding: string): string {
  return `the Worker has no binding ${binding}: declare it in wrangler.toml, and deploy`;
}
