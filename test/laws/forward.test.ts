/** Laws of the way forward. */
import { expect, test } from "vitest";
import { startClients } from "./clients.ts";
import { leftOnLoadBalancers, nothingWrong, picture, watchPrimaries, wrongWrites } from "./picture.ts";
import { bringUp, planUpgrade, run, type RunOptions } from "./run.ts";

async function one(failAt: string | null, options: RunOptions) {
  const up = await bringUp();
  const broken = watchPrimaries(up.site);
  const clients = startClients(up.site);
  await up.site.clock.sleep(1000);
  const plan = await planUpgrade(up, "2", failAt);
  const ran = await run(up, plan, options);
  await up.site.clock.sleep(1000);
  clients.stop();
  await up.site.clock.sleep(1000);
  return { up, ran, end: ran.end, broken, wrong: wrongWrites(up.site, clients), left: leftOnLoadBalancers(up.site), picture: await picture(up.site, up.world) };
}

test.each([null, "smoke-test", "migrate"])("an upgrade %s", async (failAt) => {
  const ref = await one(failAt, {});
  console.log(JSON.stringify(ref.picture, null, 1));
  console.log(ref.broken, ref.wrong, ref.left);
  const n = ref.ran.moments[0]?.length ?? 0;
  const seen = new Map<string, string[]>();
  for (let k = 0; k < n; k++) {
    let bad = "";
    try {
      const got = await one(failAt, { deaths: [k] });
      if (got.end.state !== ref.end.state) bad += ` END ${JSON.stringify(got.end)}`;
      if (got.broken.length) bad += ` BROKEN ${got.broken[0]}`;
      if (JSON.stringify(got.wrong) !== JSON.stringify(nothingWrong)) bad += ` WRONG ${JSON.stringify(got.wrong)}`;
      if (got.left.length) bad += ` LEFT ${got.left}`;
      try { expect(got.picture).toEqual(ref.picture); } catch (e) { bad += ` PICTURE ${(e as Error).message.slice(0, 800)}`; }
    } catch (e) { bad += ` THROWN ${(e as Error).stack}`; }
    if (bad) seen.set(bad, [...(seen.get(bad) ?? []), `${k} ${ref.ran.moments[0]?.[k]}`]);
  }
  for (const [bad, ks] of seen) console.log("===", ks.join(" | "), "\n", bad);
  console.log(n);
}, 120000);
