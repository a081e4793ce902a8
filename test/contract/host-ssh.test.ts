/** The host contract over one real sshd on loopback. */
import { test } from "vitest";
import { findTool, startLoopbackSshd } from "../../src/providers/ssh/loopback.ts";
import { createSshProvider } from "../../src/providers/ssh/provider.ts";
import { describeHostContract } from "./host.contract.ts";
import { freshHome, realWorld } from "./host/real-world.ts";

if (findTool("sshd")) {
  describeHostContract("ssh", async () => {
    const folder = freshHome();
    const { settings, stop } = await startLoopbackSshd({ home: folder });
    return realWorld({
      folder,
      home: settings.directory,
      make: (token) => createSshProvider({ ...settings, token }),
      closing: stop,
    });
  });
} else {
  test.skip("hosts of the ssh provider: there is no sshd here (sudo apt-get install openssh-server)", () => {});
}
