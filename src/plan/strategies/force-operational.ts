/** A stranded server is said to be operational, because a person mended it by hand. */
import type { Plan } from "../../model/plan.ts";
import { Problem } from "../../model/problem.ts";
import type { ServerRecord } from "../../model/provider.ts";
import { seenTemplate } from "../../model/template/server-state.ts";
import { forceOperational } from "../../steps/force-operational.ts";
import { act, inOrder } from "../stage.ts";

export function planForceOperational(wish: {
  environment: string;
  release: string;
  record: ServerRecord;
  by: string;
  /** Why it was kept, where that is over. */
  drops: string | null;
}): Plan {
  const { environment, release, record, by, drops } = wish;
  const stranded = seenTemplate(record)?.stranded;
  if (!stranded) {
    throw new Problem("refused", {
      what: `"${record.name}" can't be said to be operational`,
      why: `it is not stranded: it is ${seenTemplate(record)?.state ?? "launched without a template"}`,
      next: `changeover script list ${environment}`,
    });
  }
  return {
    ...{ format: 1, environment, strategy: "force-operational", from: release, to: release },
    stages: [
      inOrder("Say that it is operational", "say that it is stranded again", [
        act(forceOperational, { server: record.name, by, stranded, drops }),
      ]),
    ],
    afterWayBack: [],
    failAt: null,
  };
}
