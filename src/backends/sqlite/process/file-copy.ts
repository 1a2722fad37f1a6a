/**
 * A copy of a database file that nobody changes, as `immutable=1` in `db-uri` says: it is served from
 * a folder of our own, so that the file's folder need not be writable, as SQLite wants for one in WAL
 * mode. Should the file change all the same, it is copied again; the processes notice that as they
 * notice any file that was replaced.
 *
 * Shape  `<temporary folder>/dbrest-copy-<host>-<pid>-<start of the process>-<random>/database`
 */
import { constants } from 'node:fs'
import {
  chmod,
  copyFile,
  mkdtemp,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemErrorText } from '../../../core/system-error.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'

export interface FileCopy {
  /** Where the copy is once it was made. Rejects with BackendFailure. */
  refreshed(): Promise<string>
  remove(): Promise<void>
}

/** One that changes while it is copied is changed by somebody. */
const mostTries = 3

export function createFileCopy(original: string): FileCopy {
  let folder: string | null = null
  let copied: string | null = null
  /** One copy after the other. */
  let last: Promise<unknown> = Promise.resolve()

  async function refresh(): Promise<string> {
    if (folder === null) {
      await removeLeftovers()
      folder = await mkdtemp(join(tmpdir(), ownPrefix))
    }
    const path = join(folder, 'database')
    for (let tries = 0; tries < mostTries; tries += 1) {
      const before = await stateOf(original)
      if (before === copied) return path
      // behind a link, the files that belong to it are beside what it leads to
      const file = await realpath(original)
      await refuseUnfinished(file)
      const next = join(folder, 'next')
      await copyFile(file, next, constants.COPYFILE_FICLONE)
      // the copy has the original's mode, which may forbid us to write
      await chmod(next, 0o600)
      await takeOutOfWal(next)
      if ((await stateOf(original)) !== before) continue
      await rename(next, path)
      copied = before
      return path
    }
    throw new Error('it is changed while it is copied')
  }

  return {
    refreshed() {
      const next = last.then(refresh, refresh).catch((error: unknown) => {
        throw toFailure(error, original)
      })
      last = next.catch(() => undefined)
      return next
    },
    async remove() {
      await last
      if (folder !== null) await rm(folder, { recursive: true, force: true })
    },
  }
}

async function stateOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
  return [dev, ino, size, mtimeNs].join()
}

/** What was committed, or has to be rolled back, may be in a file that a copy does not have. */
async function refuseUnfinished(path: string): Promise<void> {
  for (const suffix of ['-wal', '-journal']) {
    const size = await stat(`${path}${suffix}`).then(
      (found) => found.size,
      () => 0,
    )
    if (size > 0) {
      throw new Error(
        `the file ${suffix} beside it is not empty: let a program open and close it, or unset immutable`,
      )
    }
  }
}

/**
 * With an empty -wal, the file is all there is, and is read without one.
 *
 * Rule  SQLite manual: Database File Format, File format version numbers
 */
async function takeOutOfWal(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const versions = Buffer.alloc(2)
    await file.read(versions, 0, 2, 18)
    if (versions.equals(Buffer.from([2, 2]))) await file.write(Buffer.from([1, 1]), 0, 2, 18)
  } finally {
    await file.close()
  }
}

/** Clients are not told where files are. */
function toFailure(error: unknown, path: string): BackendFailure {
  const isOfSystem = error instanceof Error && 'code' in error
  const reason = isOfSystem ? systemErrorText(error) : String(error).replace(/^Error: /, '')
  const details = `database file ${path} cannot be copied: ${reason}`
  const clientDetails = `database file cannot be copied: ${reason}`
  return new BackendFailure({ kind: 'connection', details, clientDetails }, details)
}

const prefix = 'dbrest-copy-'
/** Two processes of one number are told apart by when they began. */
const started = Math.round(performance.timeOrigin)
const host = hostname().replaceAll(/[^\w.]/g, '_')
const ownPrefix = `${prefix}${host}-${process.pid}-${started}-`

/** Of servers that were killed. Those of another user stay. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(`${prefix}${host}-`)) continue
    const [pid, began] = name.slice(`${prefix}${host}-`.length).split('-')
    if (isRunning(Number(pid), Number(began))) continue
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined)
  }
}

function isRunning(pid: number, began: number): boolean {
  if (pid === process.pid) return began === started
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}
