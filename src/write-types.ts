/**
 * The file of `--types --out`: rewritten in one step, so that who reads it never sees half of it, and
 * left alone while it holds the same text already, so that nothing is built again for it.
 */
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fchmodSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { err, ok, type Result } from './core/result.ts'
import { systemErrorText } from './core/system-error.ts'

/** Errors  one sentence: it cannot be written */
export function writeTypes(file: string, text: string): Result<'written' | 'same', string> {
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    // a read of a pipe would wait for whoever writes into it
    if (found !== undefined && !found.isFile()) {
      return err(`${file} cannot be written: it is ${kindOf(found)}, not a regular file`)
    }
    if (found !== undefined && textOf(file) === text) return ok('same')
    replaceFile(targetOf(file), text, found === undefined ? null : found.mode & 0o7777)
    return ok('written')
  } catch (failure) {
    return err(`${file} cannot be written: ${systemErrorText(failure)}`)
  }
}

function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a folder'
  if (found.isFIFO()) return 'a pipe'
  return found.isSocket() ? 'a socket' : 'a device'
}

/** Null where it cannot be read, which does not keep it from being replaced. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** A link stays one, also where nothing is yet at its end. Links that lead in a circle fail before. */
function targetOf(file: string): string {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found?.isSymbolicLink() !== true) return file
  const next = readlinkSync(file)
  // left to the system to resolve: a folder before `..` may be a link as well
  return targetOf(isAbsolute(next) ? next : `${dirname(file)}/${next}`)
}

/** `mode`: of the file that is there; null: there is none. */
function replaceFile(target: string, text: string, mode: number | null): void {
  const beside = `${target}.${randomBytes(6).toString('hex')}.tmp`
  // refused where something is there already, so that it never writes through what another has put there
  const descriptor = openSync(beside, 'wx', mode ?? 0o666)
  try {
    try {
      writeFileSync(descriptor, text)
      // what `openSync` sets lacks what the process's mask takes away
      if (mode !== null) fchmodSync(descriptor, mode)
    } finally {
      closeSync(descriptor)
    }
    renameSync(beside, target)
  } catch (failure) {
    rmSync(beside, { force: true })
    throw failure
  }
}
