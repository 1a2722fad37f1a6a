/**
 * Whether a process still answers: it is asked again and again, and who started it is told when the
 * answer stays out. Time is counted in turns of the asking side, so that a pause of that one, or of the
 * whole machine, is not taken for one of the process.
 */

/** Milliseconds between two turns. */
const turnMs = 2000
/** Turns without an answer after which it is unresponsive: longer than a collection of garbage takes. */
const unresponsiveTurns = 5
/** Turns without an answer after which it is given up. */
const lostTurns = 15

export interface PulseDeps {
  readonly ask: () => void
  /** It has not answered for 10 s. */
  readonly onUnresponsive: () => void
  /** It has answered after that. */
  readonly onRecovered: () => void
  /** It has not answered for 30 s. */
  readonly onLost: () => void
}

export interface Pulse {
  answered(): void
  stop(): void
}

export function watchPulse({ ask, onUnresponsive, onRecovered, onLost }: PulseDeps): Pulse {
  /** Turns since a question that is open; null: none is. */
  let open: number | null = null
  const turns = setInterval(() => {
    if (open === null) {
      open = 0
      ask()
      return
    }
    open += 1
    if (open === unresponsiveTurns) onUnresponsive()
    if (open === lostTurns) onLost()
  }, turnMs)
  return {
    answered() {
      const wasUnresponsive = open !== null && open >= unresponsiveTurns
      open = null
      if (wasUnresponsive) onRecovered()
    },
    stop: () => clearInterval(turns),
  }
}
