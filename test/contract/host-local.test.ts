/** The host contract over real processes of this machine. */
import { createLocalProvider } from "../../src/providers/local/provider.ts";
import { describeHostContract } from "./host.contract.ts";
import { freshHome, realWorld } from "./host/real-world.ts";

describeHostContract("local", async () => {
  const home = freshHome();
  return realWorld({ folder: home, home, make: (token) => createLocalProvider({ directory: home, token }) });
});
