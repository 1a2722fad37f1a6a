/**
 * What statements cost, learned from what the processes took for them: it decides whether others
 * may stand behind one in the same process. The server's own clock would not do, since what it sees
 * contains its own delays.
 */

/**
 * quick    many of them can stand in one process
 * unknown  not answered yet: it may be anything
 * slow     others would have to wait for it
 * long     others would have to wait for very long
 */
export type CostClass = 'quick' | 'unknown' | 'slow' | 'long'

const slowMicros = 2_000
const longMicros = 50_000
/** How far one quick answer moves what is remembered: a statement that was slow once may be again. */
const weightOfQuicker = 0.05
const mostStatements = 1000

export class StatementCosts {
  /** Learned longest ago first. */
  readonly #micros = new Map<string, number>()
  /** What statements have taken so far that are running now. */
  readonly #running = new Map<string, number>()

  /** `statement` is null where nothing is learned: for what stands alone anyway. */
  classOf(statement: string | null): CostClass {
    if (statement === null) return 'unknown'
    const answered = this.#micros.get(statement)
    const running = this.#running.size === 0 ? undefined : this.#running.get(statement)
    if (answered === undefined && running === undefined) return 'unknown'
    const micros = Math.max(answered ?? 0, running ?? 0)
    if (micros <= slowMicros) return 'quick'
    return micros < longMicros ? 'slow' : 'long'
  }

  /** What it is expected to take, in microseconds; 0 where nothing is known. */
  expected(statement: string | null): number {
    return statement === null ? 0 : (this.#micros.get(statement) ?? 0)
  }

  /** An answer has come. */
  learn(statement: string | null, micros: number): void {
    if (statement === null) return
    this.#running.delete(statement)
    const known = this.#micros.get(statement)
    const next =
      known === undefined || micros > known ? micros : known + (micros - known) * weightOfQuicker
    this.#micros.set(statement, next)
    if (this.#micros.size <= mostStatements) return
    for (const oldest of this.#micros.keys()) {
      this.#micros.delete(oldest)
      break
    }
  }

  /** It is still running after so long. Held for true until an answer says more, or `forget`. */
  hasTaken(statement: string | null, micros: number): void {
    if (statement === null) return
    this.#running.set(statement, Math.max(micros, this.#running.get(statement) ?? 0))
  }

  /** What was running has ended without an answer: after a kill, what it took was too long. */
  gaveUp(statement: string | null): void {
    if (statement === null) return
    const micros = this.#running.get(statement)
    if (micros !== undefined) this.learn(statement, micros)
  }
}
