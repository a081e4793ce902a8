/** One place where what is seen differs from what is wanted. */

export interface Drift {
  /** The environment file, a server's name, or what is counted. */
  where: string;
  wanted: string;
  seen: string;
  /** The next command or edit. */
  next: string;
  /** The next upgrade sets it right by itself, so it needs not stop one. */
  heals: boolean;
}
