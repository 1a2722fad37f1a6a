/**
 * The next turn of the process's own event loop: what sockets have received by now is read before it. So
 * requests that came at the same time can gather, and long work lets others in.
 */
import { setImmediate } from 'node:timers/promises'

export function nextTurn(): Promise<void> {
  return setImmediate()
}
