/** Answers `npm run <word>`; nothing here may use syntax that an old Node can't read. */
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
import("./words.js").then(function (words) {
  return words.main(process.argv.slice(2));
});
