/**
 * What was opened is closed: releasers are run last-in first-out, once, each even if another
 * failed. Whoever acquires something adds its releaser on the next line.
 */
export interface Scope {
  /** Registers a releaser. On a closed scope it is run at once. */
  add(release: () => void | Promise<void>): void
  /**
   * Runs the releasers, newest first. A second call returns the same promise.
   *
   * Errors  rejects with an AggregateError of all failures after every releaser has run
   */
  close(): Promise<void>
}

export function createScope(): Scope {
  const releasers: (() => void | Promise<void>)[] = []
  let closing: Promise<void> | undefined

  async function runAll(): Promise<void> {
    const failures: unknown[] = []
    for (let release = releasers.pop(); release !== undefined; release = releasers.pop()) {
      try {
        await release()
      } catch (failure) {
        failures.push(failure)
      }
    }
    if (failures.length === 0) return
    const causes = failures.map(String).join('; ')
    throw new AggregateError(failures, `releasing resources failed: ${causes}`)
  }

  return {
    add(release) {
      if (closing === undefined) {
        releasers.push(release)
      } else {
        closing = closing.then(() => release())
      }
    },
    close() {
      closing ??= runAll()
      return closing
    },
  }
}
