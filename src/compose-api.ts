/**
 * A backend and the generations that are published → the API's requests answered, by whichever
 * process that does it: the only one, or a worker.
 */
import type { FindRules } from './access/access-control.ts'
import { createPlanCache } from './access/plan-cache.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import type { Backend } from './backends/backend.ts'
import type { GenerationStore } from './cache/generation-store.ts'
import type { StaleCheck } from './cache/stale-check.ts'
import type { App } from './core/http-exchange.ts'
import { createApp } from './http/app.ts'
import type { AskForToken } from './http/request-limit.ts'
import type { Observe } from './observe/observation.ts'

/** Plans kept per snapshot: clients choose the shapes. */
const planCacheEntries = 2000
/** Milliseconds that requests in flight get after a stop before they are cut. */
export const drainMs = 15_000

export interface ComposeApiDeps {
  readonly database: Backend
  readonly store: Pick<GenerationStore, 'current'>
  readonly findRules: FindRules
  /** A check that begins after the call. Never rejects. */
  readonly checkSchema: StaleCheck
  readonly observe: Observe
  /** Who counts for several processes what clients ask for; absent: this one does. */
  readonly askForToken?: AskForToken
}

export function composeApi({ database, store, findRules, ...deps }: ComposeApiDeps): App {
  return createApp({
    ...deps,
    currentGeneration: store.current,
    backend: database,
    authenticator: createAuthenticator(deps),
    planCache: createPlanCache(planCacheEntries, findRules),
    now: () => performance.now(),
  })
}
