/**
 * What the operating system said of a file that could not be read, without the path that Node puts
 * behind it: a path may be a secret that was taken for one.
 */
import { getSystemErrorMap } from 'node:util'

/** Shape  `no such file or directory (ENOENT)` */
export function systemErrorText(failure: unknown): string {
  const errno: unknown = failure instanceof Error ? Reflect.get(failure, 'errno') : undefined
  const known = typeof errno === 'number' ? getSystemErrorMap().get(errno) : undefined
  return known === undefined ? 'it is not the name of a file' : `${known[1]} (${known[0]})`
}
