/** A lock that a person put on an environment: nothing that changes it is begun until it is taken away. */

export interface Lock {
  environment: string;
  reason: string;
  by: string;
  /** Milliseconds since 1970. */
  at: number;
}
