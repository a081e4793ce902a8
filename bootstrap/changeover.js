#!/usr/bin/env node
/** The `changeover` command: makes sure Node and the npm packages are there, then becomes src/main.ts. */
var major = Number(process.versions.node.split(".")[0]);
if (major < 20) {
  console.error(
    "changeover: Node " +
      process.versions.node +
      " is too old to begin with · Node 20 or newer is needed · " +
      "install it from https://nodejs.org or your distribution, then run this again",
  );
  process.exit(2);
}
import("./command.js").then(function (command) {
  return command.main(process.argv.slice(2));
});
