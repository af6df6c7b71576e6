/**
 * Chooses values for the Worker's missing secrets at the first deploy.
 * @module
 */
import { randomBytes } from "node:crypto";
import { Failure } from "../failure.ts";

/** Description of a secret for the person who is asked for it. */
interface SecretPlan {
  readonly says: string;
  /** No person needs to know the value, so it can be made and not shown. */
  readonly isInternal: boolean;
}

const PLANS: Readonly<Record<string, SecretPlan>> = {
  ADMIN_TOKEN: { says: "opens the admin API and the dashboard", isInternal: false },
  AFFINITY_SECRET: { says: "keys the session cookies", isInternal: true },
};

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks the person at the terminal; an empty answer means that a value is made. Null: there is no terminal. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

export interface ChosenSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** Names of secrets that were made here and that the user must write down. */
  readonly made: readonly string[];
}

/**
 * A value for each of `names`: from the environment, or from the person asked, or made.
 * @throws Failure if a person must choose a value and cannot be asked
 */
export async function chooseSecrets(
  names: readonly string[],
  { env, ask }: SecretSources,
): Promise<ChosenSecrets> {
  const values: Record<string, string> = {};
  const made: string[] = [];
  for (const name of names) {
    const plan = PLANS[name];
    const given = env[name] || (await asked(name, plan, ask));
    if (given !== "") {
      values[name] = given;
    } else if (plan !== undefined && (plan.isInternal || ask !== null)) {
      values[name] = randomBytes(32).toString("base64url");
      if (!plan.isInternal) made.push(name);
    } else {
      throw new Failure(`the Worker needs the secret ${name}: set it in the environment of this command`);
    }
  }
  return { values, made };
}

async function asked(name: string, plan: SecretPlan | undefined, ask: SecretSources["ask"]): Promise<string> {
  if (ask === null || plan?.isInternal === true) return "";
  const what = plan === undefined ? "" : ` ${plan.says};`;
  return (await ask(`${name}:${what} type one, or press Enter to have one made: `)).trim();
}
