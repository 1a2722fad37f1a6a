/**
 * What the grammar expected and met at the place where a text stops making sense, and its wording:
 * a message with subject and position, details with `unexpected … expecting …`. Clients match on
 * these texts, so they are PostgREST's to the letter.
 *
 * Thrown inside src/api only; parse-request.ts turns it into a value.
 */
import type { EmbedPath, FieldPath } from './api-request.ts'

/**
 * `met`: the character that no rule could take (empty: the end of the text) · `refused`: something
 * that was read and must not stand there, which outranks what was met · `wanted`: a rule that
 * would have gone on.
 */
export interface Complaint {
  readonly kind: 'met' | 'refused' | 'wanted'
  readonly text: string
}

/** A filter as it was written: `name=eq.x`, or `name.eq.x` inside `and` and `or`. */
export interface FilterText {
  readonly path: EmbedPath
  readonly field: FieldPath
  /** What stands before the value: `name=`, or `name.`. */
  readonly start: string
  readonly value: string
}

export class SyntaxFailure extends Error {
  readonly details: string
  /** Set where it was a filter's value that could not be read. */
  readonly filter: FilterText | undefined

  constructor(message: string, details: string, filter?: FilterText) {
    super(message)
    this.name = 'SyntaxFailure'
    this.details = details
    this.filter = filter
  }
}

const controlNames =
  'NUL SOH STX ETX EOT ENQ ACK a b t n v f r SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(
    ' ',
  )

/** One character between the given quotes; what is not printable ASCII becomes a `\` escape. */
export function quoteCharacter(character: string, quote: '"' | "'"): string {
  const code = character.codePointAt(0)
  if (code === undefined) return ''
  const escaped =
    character === quote || character === '\\'
      ? `\\${character}`
      : code < 32
        ? `\\${controlNames[code]}`
        : code === 127
          ? '\\DEL'
          : code > 127
            ? `\\${code}`
            : character
  return `${quote}${escaped}${quote}`
}

/** Lines and columns count from one, in characters; a tab goes on to the next multiple of eight. */
function positionOf(text: string, at: number): string {
  let line = 1
  let column = 1
  for (const character of text.slice(0, at)) {
    if (character === '\n') {
      line += 1
      column = 1
    } else if (character === '\t') {
      column += 8 - ((column - 1) % 8)
    } else {
      column += 1
    }
  }
  return `(line ${line}, column ${column})`
}

function textsOf(complaints: readonly Complaint[], kind: Complaint['kind']): readonly string[] {
  const texts = complaints.filter((each) => each.kind === kind).map((each) => each.text)
  return [...new Set(texts)].filter((text) => text !== '')
}

function listOf(texts: readonly string[]): string {
  const last = texts.at(-1) ?? ''
  return texts.length < 2 ? last : `${texts.slice(0, -1).join(', ')} or ${last}`
}

function describe(complaints: readonly Complaint[]): string {
  if (complaints.length === 0) return 'unknown parse error'
  const parts: string[] = []
  const firstMet = complaints.find((each) => each.kind === 'met')
  const refused = textsOf(complaints, 'refused')
  if (refused.length > 0) parts.push(`unexpected ${listOf(refused)}`)
  else if (firstMet !== undefined) parts.push(`unexpected ${firstMet.text || 'end of input'}`)
  const wanted = textsOf(complaints, 'wanted')
  if (wanted.length > 0) parts.push(`expecting ${listOf(wanted)}`)
  return parts.join(' ')
}

/**
 * Shape   subject `failed to parse order (id.ac)` → message `"failed to parse order (id.ac)" (line
 *         1, column 4)`, details `unexpected "c" expecting "asc", "desc" …`
 * Rule    PostgREST docs: errors (PGRST100); v16.2 spec: QuerySpec, AndOrParamsSpec, JsonOperatorSpec
 */
export function syntaxFailure(
  subject: string,
  text: string,
  at: number,
  complaints: readonly Complaint[],
): SyntaxFailure {
  return new SyntaxFailure(`"${subject}" ${positionOf(text, at)}`, describe(complaints))
}
