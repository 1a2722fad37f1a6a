/**
 * That a client has left → what the driver takes to end a command. The web's own signals cost as much
 * as a sixth of a small read, and there is one for each command: this one keeps a list, and makes an
 * event only when it is needed.
 */
import type { CancelSignal } from '../../../core/cancel-signal.ts'

/** A signal of the web is handed on as it is. */
export function driverSignal(source: CancelSignal): AbortSignal {
  return source instanceof AbortSignal ? source : new DriverSignal(source)
}

type Listener = Parameters<AbortSignal['addEventListener']>[1]

/** What the driver reads and calls of a signal; it compares the reason with what it is thrown. */
class DriverSignal implements AbortSignal {
  aborted = false
  reason: unknown = undefined
  readonly onabort = null
  #listeners: Listener[] = []

  constructor(source: CancelSignal) {
    if (source.aborted) this.#abort()
    else source.addEventListener('abort', () => this.#abort(), { once: true })
  }

  addEventListener(type: string, listener: Listener): void {
    if (type === 'abort') this.#listeners.push(listener)
  }

  removeEventListener(_type: string, listener: Listener): void {
    const at = this.#listeners.indexOf(listener)
    if (at !== -1) this.#listeners.splice(at, 1)
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason
  }

  /** Calls each listener once, as the web does: with the signal as `this`. */
  dispatchEvent(event: Event): boolean {
    for (const listener of this.#listeners.splice(0)) {
      if (typeof listener === 'function') listener.call(this, event)
      else listener.handleEvent(event)
    }
    return true
  }

  #abort(): void {
    this.aborted = true
    this.reason = new DOMException('This operation was aborted', 'AbortError')
    this.dispatchEvent(new Event('abort'))
  }
}
