/** The moments of a control plane's life at which its death makes a difference. */

/**
 * Two moments with nothing but reading between them are one: what differs is an effect that happened, an intent in
 * the journal, or a recorded outcome.
 */
export function tellingMoments([all = []]: string[][]): number[] {
  return all.flatMap((moment, at) => {
    if (/^(before|after) GET /.test(moment)) return [];
    const telling = /^(after|record|intent) /.test(moment) || all[at - 1]?.startsWith("intent ");
    return telling ? [at] : [];
  });
}
