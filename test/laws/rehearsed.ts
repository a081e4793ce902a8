/** A shop under clients beside the place for its clone, and what must hold of the shop whatever the clone does. */
import { expect } from "vitest";
import { startClients } from "./clients.ts";
import { cloneSite } from "./clone.ts";
import { nothingWrong, picture, watchPrimaries, wrongWrites } from "./picture.ts";
import { bringUp } from "./run.ts";

const QUIET_MS = 1_000;

export async function takeTogether() {
  const live = await bringUp();
  const clone = cloneSite(live, live.site);
  const { site, world } = live;
  const broken = [watchPrimaries(site), watchPrimaries(clone.site)];
  const clients = startClients(site);
  await site.clock.sleep(QUIET_MS);
  const before = await picture(site, world);
  const names = () => [...site.fleet.environment(site.environment).servers.keys()].sort();
  const servers = names();
  return {
    live,
    clone,
    /** The public wrote all the time, and everything of the original is what it was. */
    async expectUntouched(): Promise<void> {
      await site.clock.sleep(QUIET_MS);
      clients.stop();
      await site.clock.sleep(QUIET_MS);
      expect(await picture(site, world)).toEqual(before);
      expect(names()).toEqual(servers);
      expect(clients.seen).toEqual({ page: 0, refused: 0, failed: 0 });
      expect(wrongWrites(site, clients)).toEqual(nothingWrong);
      expect(broken.flat(), "moments with two writable primaries").toEqual([]);
    },
  };
}
