/**
 * Who looks at the page, and what they may do.
 * @module
 */
import { VIEWER_ELEMENT, type Viewer } from "../../../contract/dashboard.ts";

export const viewer: Viewer = read();

/** Drain, undrain, weight, enable, check. */
export const mayOperate = viewer.scope !== "read";
/** Configurations. */
export const mayConfigure = viewer.scope === "admin";

function read(): Viewer {
  const text = document.getElementById(VIEWER_ELEMENT)?.textContent ?? "";
  return JSON.parse(text) as Viewer;
}
