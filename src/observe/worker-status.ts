/**
 * How a process that answers requests is doing, as the one that started it knows.
 */
export interface WorkerStatus {
  /** 1, 2, 3 …: one that takes the place of another has its number. */
  readonly worker: number
  /** Null while there is no process. */
  readonly pid: number | null
  /**
   * `starting`: it does not listen yet · `unresponsive`: it does not answer the one that started it ·
   * `waiting`: it ended, and is started again in a while
   */
  readonly state: 'starting' | 'listening' | 'unresponsive' | 'waiting' | 'stopping'
  /** ISO time since which that is so. */
  readonly since: string
  /** Processes of this number that have ended. */
  readonly ended: number
  /** It answers by the newest schema that was published. */
  readonly current: boolean
}
