/**
 * The user of the page, and the user's rights.
 * @module
 */
import { CURRENT_USER_ELEMENT, type CurrentUser } from "../../../contract/dashboard.ts";

export const currentUser: CurrentUser = read();

/** Drain, undrain, weight, enable, check. */
export const mayOperate = currentUser.scope !== "read";
/** Configurations. */
export const mayConfigure = currentUser.scope === "admin";

function read(): CurrentUser {
  const text = document.getElementById(CURRENT_USER_ELEMENT)?.textContent ?? "";
  return JSON.parse(text) as CurrentUser;
}
