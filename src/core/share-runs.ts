/**
 * One run of some work for all who ask at the same time: one runs, another one waits, and everybody
 * gets one that begins after they asked, so that many who ask cost little more than one.
 */

/**
 * Settles as a run does that begins after the call. `gather` is awaited before each run begins: who asks
 * meanwhile gets that run too.
 */
export function shareRuns<T>(
  run: () => Promise<T>,
  gather: (() => Promise<void>) | null = null,
): () => Promise<T> {
  let running: Promise<T> | null = null
  let waiting: Promise<T> | null = null

  function start(): Promise<T> {
    waiting = null
    const own = run().finally(() => {
      if (running === own) running = null
    })
    running = own
    return own
  }

  const begin = gather === null ? start : () => gather().then(start)

  return () => {
    if (waiting !== null) return waiting
    if (running !== null) waiting = running.then(begin, begin)
    else if (gather === null) return start()
    else waiting = begin()
    return waiting
  }
}
