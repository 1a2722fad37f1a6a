/**
 * The file of `--types --out`: rewritten in one step, so that who reads it never sees half of it, and
 * left alone while it holds the same text already, so that nothing is built again for it.
 */
import { readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { err, ok, type Result } from './core/result.ts'
import { systemErrorText } from './core/system-error.ts'

/** Errors  one sentence: it cannot be written */
export function writeTypes(file: string, text: string): Result<'written' | 'same', string> {
  try {
    if (textOf(file) === text) return ok('same')
    // a link stays one
    const target = textOf(file) === null ? file : realpathSync(file)
    const beside = `${target}.${process.pid}.tmp`
    try {
      writeFileSync(beside, text)
      renameSync(beside, target)
    } finally {
      rmSync(beside, { force: true })
    }
    return ok('written')
  } catch (failure) {
    return err(`${file} cannot be written: ${systemErrorText(failure)}`)
  }
}

/** Null where there is none that can be read. */
function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
