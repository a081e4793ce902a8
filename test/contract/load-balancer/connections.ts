/** The contract's part about clients: who is connected now, whether or not something is asked. */
import { expect, test } from "vitest";
import { eventually, inService, type Setting } from "./world.ts";

export function describeConnections(world: Setting): void {
  test("a request and a websocket are connections as long as they are open", async () => {
    const balancer = await inService(world());
    const are = (count: number) =>
      eventually(world(), `${count} connections`, async () => (await balancer.connections()) === count);
    await are(0);
    const asked = world().ask({ path: "/?ms=500" });
    await are(1);
    const socket = await world().openSocket();
    await are(2);
    expect((await asked)?.status).toBe(200);
    await are(1);
    await socket.end();
    await are(0);
  });
}
