/**
 * The kinds of the options about tokens that are more than a value: the secret, whose text is read and
 * decoded only when the whole configuration is known, and the claims with the role and the user.
 */
import { ok, type Result } from '../core/result.ts'
import { compileClaimPath } from './claims/claim-path.ts'
import { compileUserClaim } from './claims/user-claim.ts'
import type { Config } from './config.ts'
import { configString } from './file/config-string.ts'
import { fileValueText } from './file/file-value.ts'
import { boolean, type OptionKind } from './option-kinds.ts'

/** Parsed to the bytes of the text as configured; `read-secret.ts` makes the key of it. */
export const secret: OptionKind<Uint8Array | null> = {
  type: 'text',
  parse(value) {
    const given = fileValueText(value)
    return ok(given === '' ? undefined : Buffer.from(given))
  },
  print: (key, config) =>
    configString(Buffer.from(key ?? []).toString(isDumpedInBase64(config) ? 'base64' : 'utf8')),
}

export const secretIsBase64: OptionKind<boolean> = {
  ...boolean,
  print: (_, config) => String(isDumpedInBase64(config)),
}

/** A text that has to compile. */
function claim(
  compile: (text: string) => Result<unknown, string>,
  print: OptionKind<string>['print'],
): OptionKind<string> {
  return {
    type: 'text',
    parse(value) {
      const given = fileValueText(value)
      if (given === '') return ok(undefined)
      const compiled = compile(given)
      return compiled.ok ? ok(given) : compiled
    },
    print,
  }
}

export const userClaim = claim(compileUserClaim, (text) => configString(text, text.startsWith('$')))

export const claimPath = claim(compileClaimPath, (path) => {
  const compiled = compileClaimPath(path)
  return configString(compiled.ok ? compiled.value.dump : path, true)
})

/** As given; a secret that is no text, or would be taken for a file name, only goes in base64. */
function isDumpedInBase64(config: Config): boolean {
  if (config.jwtSecretIsBase64 || config.jwtSecret === null) return config.jwtSecretIsBase64
  const asText = Buffer.from(config.jwtSecret).toString('utf8')
  return asText.startsWith('@') || !Buffer.from(asText).equals(Buffer.from(config.jwtSecret))
}
