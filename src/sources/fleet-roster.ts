/**
 * Which other processes on the database were heard lately, for who watches. Each says something after
 * every look of its own, so that one which says nothing for two minutes is gone, or never looks.
 *
 * Any role of the database can speak under any name: nothing is decided by this, and so many names are
 * kept at most.
 */
import type { FleetStatus } from '../observe/fleet-status.ts'

export interface FleetRoster {
  /** Another process has said something. */
  heard(process: string): void
  status(): FleetStatus
}

/** Milliseconds: twice as long as a process goes without a look of its own. */
const memoryMs = 120_000
const mostNames = 200

/** Units  `now` in milliseconds since the epoch */
export function createFleetRoster({ now }: { readonly now: () => number }): FleetRoster {
  /** In the order in which they were heard last. */
  const heardAt = new Map<string, number>()
  let last: number | null = null

  function forget(): void {
    for (const [process, at] of heardAt) {
      if (now() - at <= memoryMs && heardAt.size <= mostNames) break
      heardAt.delete(process)
    }
  }

  return {
    heard(process) {
      last = now()
      heardAt.delete(process)
      heardAt.set(process, last)
      forget()
    },
    status() {
      forget()
      return {
        others: heardAt.size,
        lastHeardAt: last === null ? null : new Date(last).toISOString(),
      }
    },
  }
}
