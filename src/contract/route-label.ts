/**
 * The label of a route in statistics and metrics, for code that shows them.
 * @module
 */
export { conditionsText, routeLabel } from "../core/steering/route-label.ts";
