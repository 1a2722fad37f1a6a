/**
 * The options that name a registry: JSON text, or `@path` of a file with it, read anew at each reload
 * of the configuration and when the file changes (`sources/watch-registry-files.ts`). What the text
 * has to say is checked by whom it concerns; here it is only found.
 */
import { err, ok, type Result } from '../core/result.ts'
import { systemErrorText } from '../core/system-error.ts'
import type { RegistryText } from './config.ts'
import { configString } from './file/config-string.ts'
import { fileValueText } from './file/file-value.ts'
import type { OptionKind } from './option-kinds.ts'

/** The options of this kind. */
export const registryKeys = [
  'functionRegistry',
  'policyRegistry',
  'declaredSchema',
  'declaredRelationships',
] as const
export type RegistryKey = (typeof registryKeys)[number]

/** Null: there is none. */
export const registry: OptionKind<RegistryText | null> = {
  type: 'JSON, or `@path` of a file with it',
  parse(value) {
    const given = fileValueText(value).trim()
    if (given === '') return ok(undefined)
    return ok(
      given.startsWith('@') ? { file: given.slice(1), text: '' } : { file: null, text: given },
    )
  },
  print(value) {
    if (value === null) return '""'
    return configString(value.file === null ? value.text : `@${value.file}`)
  },
}

/**
 * With the text of its file, which has to be UTF-8.
 *
 * Errors  why the file cannot be read
 */
export function readRegistryText(
  configured: RegistryText,
  readFile: (path: string) => Uint8Array,
): Result<RegistryText, string> {
  const { file } = configured
  if (file === null) return ok(configured)
  try {
    return ok({ file, text: registryFileText(readFile(file)) })
  } catch (failure) {
    return err(`the file behind its @ cannot be read: ${systemErrorText(failure)}`)
  }
}

/** Without a byte order mark. Bytes that are no UTF-8 become U+FFFD. */
export function registryFileText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
