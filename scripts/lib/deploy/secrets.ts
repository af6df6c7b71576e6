/**
 * The Worker's secrets at the first deploy: which are missing, and what they become.
 * @module
 */
import { randomBytes } from "node:crypto";
import { Failure } from "../failure.ts";

/** What is known of a secret, for whoever is asked for it. */
interface SecretPlan {
  readonly says: string;
  /** Nobody needs to know it, so it can be made where nobody looks. */
  readonly isInternal: boolean;
}

const PLANS: Readonly<Record<string, SecretPlan>> = {
  ADMIN_TOKEN: { says: "opens the admin API and the dashboard", isInternal: false },
  AFFINITY_SECRET: { says: "keys the session cookies", isInternal: true },
};

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks whoever sits there; an empty answer lets one be made. Null: nobody does. */
  readonly ask: ((question: string) => Promise<string>) | null;
}

export interface ChosenSecrets {
  readonly values: Readonly<Record<string, string>>;
  /** Names of those that were made here and that somebody must write down. */
  readonly made: readonly string[];
}

/**
 * A value for each of `names`: from the environment, else asked for, else made.
 * @throws Failure if one is needed that only a person can choose
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
