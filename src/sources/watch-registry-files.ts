/**
 * The files that options name as registries (`policy-registry = "@policies.json"`): one that says
 * something else than before has the configuration read again, and a load where the schema depends
 * on it.
 *
 * A file is read every so often, since news of a file system do not come from every one of them, nor
 * for a link whose target is replaced, as containers mount configuration. What is compared is the
 * text, at first with the one in use, so that no change is missed and none is told twice; a file that
 * cannot be used is told of once, by the reload that it makes fail.
 */

import { isDeepStrictEqual } from 'node:util'
import {
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  map,
  merge,
  NEVER,
  type Observable,
  type SchedulerLike,
  scan,
  switchMap,
  timer,
} from 'rxjs'
import type { ReloadSignal } from '../cache/reload-signal.ts'
import type { Config } from '../config/config.ts'
import { registryFileText, registryKeys } from '../config/registry-text.ts'

export interface RegistryFilesDeps {
  /** The configuration as it changes. Replays its current value. */
  readonly config$: Observable<Config>
  /** Rejects with what the file system says. */
  readonly readFile: (path: string) => Promise<Uint8Array>
  readonly scheduler: SchedulerLike
}

/** Milliseconds between two looks. */
const lookMs = 1000

interface Look {
  /** Null: the file could not be read. */
  readonly text: string | null
  readonly isNews: boolean
}

/** Never errors, never completes. */
export function watchRegistryFiles(deps: RegistryFilesDeps): Observable<ReloadSignal> {
  const { config$, readFile, scheduler } = deps

  async function look(file: string): Promise<string | null> {
    try {
      return registryFileText(await readFile(file))
    } catch {
      return null
    }
  }

  function watchFile({ file, text }: WatchedFile): Observable<ReloadSignal> {
    const before: Look = { text, isNews: false }
    return timer(lookMs, lookMs, scheduler).pipe(
      exhaustMap(() => from(look(file))),
      scan((seen, found): Look => ({ text: found, isNews: found !== seen.text }), before),
      filter(({ isNews }) => isNews),
      map(() => ({
        scope: 'both',
        depth: 'check',
        origin: 'registry-file',
        at: scheduler.now(),
      })),
    )
  }

  return config$.pipe(
    map(watchedFiles),
    distinctUntilChanged<readonly WatchedFile[]>(isDeepStrictEqual),
    switchMap((files) => (files.length === 0 ? NEVER : merge(...files.map(watchFile), NEVER))),
  )
}

interface WatchedFile {
  readonly file: string
  /** What is in use of it. */
  readonly text: string
}

function watchedFiles(config: Config): readonly WatchedFile[] {
  return registryKeys.flatMap((key) => {
    const registry = config[key]
    return registry === null || registry.file === null
      ? []
      : [{ file: registry.file, text: registry.text }]
  })
}
