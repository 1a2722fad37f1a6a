/**
 * `schema-mark install | print | remove`: puts the schema mark into the configured database, shows
 * its SQL, or takes it away. Printing and exit codes are left to `main.ts`.
 */
import { openMarkKeeper } from './backends/open-mark-keeper.ts'
import type { MarkAction } from './cli.ts'
import type { Config } from './config/config.ts'
import { BackendFailure } from './errors/backend-failure.ts'

export interface MarkCommandResult {
  readonly exitCode: 0 | 1
  readonly stdout: string
  readonly stderr: string
}

const limitMs = 30_000

/** Rejects with an Error whose message a user understands, when the database cannot be opened. */
export async function runSchemaMark(
  action: MarkAction,
  deps: { readonly config: Config; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<MarkCommandResult> {
  const keeper = await openMarkKeeper(deps)
  if (keeper === null) {
    return failed(
      'The schema mark is for PostgreSQL: other engines tell of each change by themselves.',
    )
  }
  if (action === 'print') return { exitCode: 0, stdout: keeper.script, stderr: '' }
  try {
    const { done, text } = await keeper[action](AbortSignal.timeout(limitMs))
    return done ? { exitCode: 0, stdout: `${text}\n`, stderr: '' } : failed(text)
  } catch (failure) {
    if (!(failure instanceof BackendFailure)) throw failure
    return failed(failure.message)
  } finally {
    await keeper.close()
  }
}

function failed(message: string): MarkCommandResult {
  return { exitCode: 1, stdout: '', stderr: `${message}\n` }
}
