/** What an upgrade changes of a release: one key of it, before and after. */

export interface Difference {
  /** A key of the release in the environment file, such as "start.web" or "inputs.MODE"; "content" is its packed files. */
  key: string;
  /** Null: the release that serves does not have it. */
  from: string | null;
  /** Null: the new release no longer has it. */
  to: string | null;
}
