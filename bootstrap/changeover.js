#!/usr/bin/env node
/** The `changeover` command: a checkout brings Node and the npm packages first, an installed package has all it needs. */
import { existsSync } from "node:fs";

var major = Number(process.versions.node.split(".")[0]);
// What npm packs holds JavaScript in place of src/: Node strips no types inside of node_modules.
if (!existsSync(new URL("../src/main.ts", import.meta.url))) {
  import("./installed.js").then(function (installed) {
    return installed.main();
  });
} else if (major < 20) {
  console.error(
    "changeover: Node " +
      process.versions.node +
      " is too old to begin with · Node 20 or newer is needed · " +
      "install it from https://nodejs.org or your distribution, then run this again",
  );
  process.exit(2);
} else {
  import("./command.js").then(function (command) {
    return command.main(process.argv.slice(2));
  });
}
