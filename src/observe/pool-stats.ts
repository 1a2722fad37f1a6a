/**
 * How busy a backend's connections are, for the metrics. Every backend counts them itself.
 */
export interface PoolStats {
  /** Connections that there may be. */
  readonly max: number
  /** Connections that a request would get at once. */
  readonly available: number
  /** Connections that requests have now. */
  readonly used: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}
