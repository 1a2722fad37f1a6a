/**
 * admin-server-token as configured → the token: `@file` is read, and what no header could bring is
 * refused, in words that do not repeat it.
 */
import { err, ok, type Result } from '../../core/result.ts'
import { systemErrorText } from '../../core/system-error.ts'

/**
 * Shape   a token, or `@path` of a file with one; blanks and line ends around it are dropped
 * Errors  one sentence for the file that cannot be read, or for what is no token
 * Rule    RFC 6750 (b64token)
 */
export function readAdminToken(
  configured: string,
  readFile: (path: string) => Uint8Array,
): Result<string, string> {
  let text = configured
  if (configured.startsWith('@')) {
    try {
      text = Buffer.from(readFile(configured.slice(1))).toString('utf8')
    } catch (failure) {
      return err(`the file behind its @ cannot be read: ${systemErrorText(failure)}`)
    }
  }
  const token = text.trim()
  return /^[A-Za-z0-9._~+/-]+=*$/.test(token)
    ? ok(token)
    : err(
        'it should be one word of letters, digits and -._~+/ (with = at its end), or @ and the name of a file with it',
      )
}
