/** Emits what `npm pack` puts into the package: JavaScript for each TypeScript file of src/, all else of src/ as it is. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { capture } from "./capture.js";
import { tsc } from "./check.js";
import { root } from "./ready.js";
import { Stop, timed } from "./say.js";

/** Says nothing on stdout: that belongs to `npm pack`, which ends with the tarball's name. @param {string} node */
export async function emit(node) {
  const place = join(root, "dist");
  rmSync(place, { recursive: true, force: true });
  await timed("emitting JavaScript", async () => {
    const { code, output } = await capture(node, [tsc, "-p", join(root, "tsconfig.emit.json")], { limitMs: 180_000 });
    if (code !== 0) throw new Stop("JavaScript could not be emitted · see above · npm run check", output);
    cpSync(join(root, "src"), place, { recursive: true, filter: (path) => !path.endsWith(".ts") });
  });
  return 0;
}
