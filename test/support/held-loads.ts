/**
 * Schema loads of a server on PostgreSQL that last until the running test lets them go, whatever else it
 * does meanwhile and however slow the machine is.
 */
import { onTestFinished } from 'vitest'
import type { ApiDatabase } from './api-database.ts'
import { type Hold, startFreezingProxy } from './freezing-proxy.ts'

export interface HeldLoads {
  /** For a server whose loads can be held. */
  readonly env: Readonly<Record<string, string>>
  /** Holds the load that begins next. */
  hold(): Hold
}

export async function heldLoadsOf({ env, port }: ApiDatabase): Promise<HeldLoads> {
  const proxy = await startFreezingProxy(port)
  onTestFinished(() => proxy.close())
  const uri = env['DBREST_DB_URI']?.replace(`:${port}/`, `:${proxy.port}/`) ?? ''
  return {
    env: { ...env, DBREST_DB_URI: uri },
    // a lock in the database would be waited for a second at most
    hold: () => proxy.holdThoseWhoSend('begin isolation level repeatable read'),
  }
}
