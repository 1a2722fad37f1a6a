/**
 * Configuration file text → values by name: `name = value` lines, `#` comments, strings with escapes
 * and `$(NAME)` interpolation, numbers, booleans (`true`, `false`, `on`, `off`), lists, and groups
 * (`app { settings { a = "b" } }` is `app.settings.a`). `#;` comments out the directive behind it.
 * What the names mean is left to the option table. Differs from PostgREST in favour of the reader:
 * a `$` before anything but `$` or `(` stands for itself, numbers may be negative, and
 * the later parts of a dotted name may begin with a digit. No message quotes a text of the file,
 * which could be a password.
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { FileValue } from './file-value.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A value, and where its name stands. */
export interface FileEntry {
  readonly value: FileValue
  /** For messages: `app.conf, line 3` */
  readonly place: string
}

/**
 * Reads a whole file. A name given twice keeps the last value.
 *
 * Shape   `a.b = "x"` → 'a.b' → 'x', in line 1 of the file
 * Errors  the text says file, line and column
 */
export function parseConfigFile(
  text: string,
  environment: Environment = {},
  fileName = 'the configuration file',
): Result<ReadonlyMap<string, FileEntry>, string> {
  const parser = new FileParser(text.replace(/^\uFEFF/, ''), environment, fileName)
  try {
    return ok(parser.parse())
  } catch (failure) {
    if (failure instanceof SyntaxFailure) return err(failure.message)
    throw failure
  }
}

/** Never leaves this file. */
class SyntaxFailure extends Error {}

const simpleEscapes = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['"', '"'],
  ['\\', '\\'],
])

class FileParser {
  private at = 0
  private readonly text: string
  private readonly environment: Environment
  private readonly fileName: string
  private readonly entries = new Map<string, FileEntry>()

  constructor(text: string, environment: Environment, fileName: string) {
    this.text = text
    this.environment = environment
    this.fileName = fileName
  }

  parse(): ReadonlyMap<string, FileEntry> {
    this.directives('', true)
    if (this.at < this.text.length) throw this.failure('expected a name, a comment or the end')
    return this.entries
  }

  private directives(prefix: string, isKept: boolean): void {
    this.skipLines()
    while (this.isAtDirective()) {
      this.directive(prefix, isKept)
      this.take(/[ \t]*(?:#.*)?/y)
      if (this.take(/\r?\n/y) === null) return
      this.skipLines()
    }
  }

  private isAtDirective(): boolean {
    return this.peek(/#;|\p{L}/uy)
  }

  private directive(prefix: string, isKept: boolean): void {
    if (this.take(/#;[ \t]*/y) !== null) {
      this.directive(prefix, false)
      return
    }
    if (this.peek(/import(?![\p{L}\p{N}_.-])/uy)) throw this.failure('import is not supported')
    const place = `${this.fileName}, line ${this.lineOf(this.at)}`
    const name = this.take(/\p{L}[\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_][\p{L}\p{N}_-]*)*/uy)
    if (name === null) throw this.failure('expected a name')
    this.skipLines()
    if (this.take(/\{/y) !== null) {
      this.directives(`${prefix}${name}.`, isKept)
      if (this.take(/\}/y) === null) throw this.failure('expected "}"')
      return
    }
    if (this.take(/=/y) === null) throw this.failure('expected "="')
    this.skipLines()
    const start = this.at
    const value = this.value()
    if (!isKept) return
    const final = typeof value === 'string' ? this.interpolated(value, prefix, start) : value
    this.entries.set(prefix + name, { value: final, place })
  }

  private value(): FileValue {
    if (this.peek(/"/y)) return this.string()
    const word = this.take(/on|off|true|false/y)
    if (word !== null) return word === 'on' || word === 'true'
    const number = this.take(/-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y)
    if (number !== null) return Number(number)
    if (this.take(/\[/y) !== null) return this.list()
    throw this.failure('expected a value: a quoted string, a number, true or false')
  }

  private list(): readonly FileValue[] {
    const items: FileValue[] = []
    this.skipLines()
    if (this.take(/\]/y) !== null) return items
    for (;;) {
      items.push(this.value())
      this.skipLines()
      if (this.take(/\]/y) !== null) return items
      if (this.take(/,/y) === null) throw this.failure('expected "," or "]"')
      this.skipLines()
    }
  }

  private string(): string {
    const start = this.at
    this.take(/"/y)
    let result = ''
    for (;;) {
      result += this.take(/[^"\\]*/y) ?? ''
      if (this.take(/"/y) !== null) return result
      if (this.take(/\\/y) === null) throw this.failure('this string has no end', start)
      result += this.escape()
    }
  }

  private escape(): string {
    const unicode = this.take(
      /u[0-9a-fA-F]{4}(?:(?<=u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2})?/y,
    )
    if (unicode !== null) {
      const units = unicode
        .split('u')
        .slice(1)
        .map((digits) => Number.parseInt(digits, 16))
      const character = String.fromCharCode(...units)
      if (/\p{Cs}/u.test(character)) throw this.failure('half of a UTF-16 pair')
      return character
    }
    const simple = simpleEscapes.get(this.text.charAt(this.at))
    if (simple === undefined) throw this.failure('unknown escape, expected one of ntru"\\')
    this.at += 1
    return simple
  }

  /** `$$` is one `$`, `$(NAME)` an earlier value of the file (nearest group first) or a variable. */
  private interpolated(value: string, prefix: string, start: number): string {
    return value.replace(
      /\$\$|\$\(([^)]*)(\)?)/g,
      (match, name: string | undefined, end: string) => {
        if (match === '$$') return '$'
        if (name === undefined || name === '' || end === '') {
          throw this.failure(
            '"$(" begins an interpolation such as $(NAME); write $$ for one $',
            start,
          )
        }
        return this.variable(name, prefix, start, value === match)
      },
    )
  }

  private variable(name: string, prefix: string, start: number, isWhole: boolean): string {
    // "$(" inside of a longer text may be a part of a password that was meant as it stands
    const shown = isWhole ? `'${name}'` : 'of $(…) in this text'
    const groups = prefix.split('.').filter((group) => group !== '')
    for (let depth = groups.length; depth >= 0; depth -= 1) {
      const value = this.entries.get([...groups.slice(0, depth), name].join('.'))?.value
      if (typeof value === 'string' || typeof value === 'number') return String(value)
      if (value !== undefined) {
        throw this.failure(`variable ${shown} is not a string or number`, start)
      }
    }
    const value = this.environment[name]
    if (value === undefined) throw this.failure(`no such variable: ${shown}`, start)
    return value
  }

  /** Blanks, line ends and comments. */
  private skipLines(): void {
    this.take(/(?:\s|#(?!;).*)*/y)
  }

  private peek(sticky: RegExp): boolean {
    sticky.lastIndex = this.at
    return sticky.test(this.text)
  }

  private take(sticky: RegExp): string | null {
    sticky.lastIndex = this.at
    const match = sticky.exec(this.text)
    if (match === null) return null
    this.at += match[0].length
    return match[0]
  }

  private lineOf(at: number): number {
    return this.text.slice(0, at).split('\n').length
  }

  private failure(message: string, at = this.at): SyntaxFailure {
    const before = this.text.slice(0, at).split('\n')
    return new SyntaxFailure(
      `${this.fileName}, line ${before.length}, column ${(before.at(-1) ?? '').length + 1}: ${message}`,
    )
  }
}
