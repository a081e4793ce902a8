/** A simulated server as steps reach it themselves: what changes it takes time, and the control plane can die at it. */
import type { FileToPut, Host, Job } from "../../model/host.ts";
import { type ControlPlane, effectOn } from "./acting.ts";

/** What changes something, and how many milliseconds it takes. */
const CHANGES: Partial<Record<keyof Host, number>> = {
  exec: 5,
  putFile: 2,
  putFiles: 2,
  putTree: 20,
  remove: 2,
  startJob: 5,
  cancelJob: 10,
};

export const actingHost = (host: Host, plane: ControlPlane): Host =>
  new Proxy(host, {
    get(held, key) {
      const value: unknown = Reflect.get(held, key);
      if (typeof value !== "function") return value;
      const takesMs = CHANGES[key as keyof Host];
      if (takesMs === undefined) return value.bind(held);
      return (...args: unknown[]) => {
        const [about] = args;
        const what = sayWhat(about);
        return effectOn(plane, held, `${String(key)} ${what}`, takesMs, () => value.apply(held, args));
      };
    },
  });

/** A path, a job, or files. */
function sayWhat(about: unknown): string {
  if (typeof about === "string") return about;
  return Array.isArray(about) ? (about as FileToPut[]).map(({ path }) => path).join(", ") : (about as Job).id;
}
