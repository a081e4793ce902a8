/** Which releases answered when: seconds in a row in which the same ones did, as one run. */

export interface ReleaseRun {
  /** Its first and its last answer, milliseconds since 1970. */
  from: number;
  to: number;
  /** How many answers each release gave. */
  answers: Record<string, number>;
}

/** More changes than any upgrade makes; what comes after is left out. */
const runsMax = 1000;

export function openReleases() {
  const runs: ReleaseRun[] = [];
  let second: ReleaseRun | null = null;

  function endSecond(): void {
    const last = runs.at(-1);
    if (second && last && namesIn(second) === namesIn(last)) {
      last.to = second.to;
      for (const [name, count] of Object.entries(second.answers)) add(last, name, count);
    } else if (second && runs.length < runsMax) runs.push(second);
    second = null;
  }

  return {
    answered(at: number, release: string): void {
      if (second && Math.floor(second.from / 1000) !== Math.floor(at / 1000)) endSecond();
      second ??= { from: at, to: at, answers: {} };
      second.to = at;
      add(second, release, 1);
    },
    runs(): ReleaseRun[] {
      endSecond();
      return runs;
    },
  };
}

const namesIn = ({ answers }: ReleaseRun): string => Object.keys(answers).sort().join(" ");

function add({ answers }: ReleaseRun, name: string, count: number): void {
  answers[name] = (answers[name] ?? 0) + count;
}
