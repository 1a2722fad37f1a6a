/**
 * The text of a page for users → what there is to do to play it, in order: commands to type in, SQL to
 * run, files to write, and what each is answered. Pure; `play-docs-page.ts` does it. What a block is
 * for is said by comments in front of it, which no reader of the rendered page sees; CONTRIBUTING.md
 * lists them.
 */

/** What a page says is answered: `…` stands for anything that it leaves out. */
export interface ShownAnswer {
  readonly language: string
  readonly text: string
}

/** Lines of a block up to an answer, to a server that goes on in the background, or to its end. */
export interface CommandStep {
  readonly line: number
  readonly text: string
  readonly answer: ShownAnswer | null
  /** It is left running, as in a terminal of its own. */
  readonly isBackground: boolean
}

export type DocsAction =
  | {
      readonly kind: 'commands'
      readonly line: number
      readonly steps: readonly CommandStep[]
      /** The last command ends with something else than 0. */
      readonly fails: boolean
      /** Asked again until the answer is the one that is shown. */
      readonly isEventual: boolean
    }
  | {
      readonly kind: 'sql'
      readonly line: number
      /** As the shell would write it: a URI, the path of a file, or a variable with one. */
      readonly target: string
      readonly text: string
      readonly answer: ShownAnswer | null
    }
  | {
      readonly kind: 'file'
      readonly line: number
      readonly name: string
      readonly language: string
      readonly text: string
    }
  | {
      readonly kind: 'checked'
      readonly line: number
      readonly language: string
      readonly text: string
    }

export interface DocsPage {
  readonly actions: readonly DocsAction[]
  /** The page takes a server for granted, which it is played with. */
  readonly needs: readonly ('postgresql' | 'mongodb')[]
  /** Blocks that are neither played nor checked, and do not say why; markers without a block. */
  readonly problems: readonly string[]
}

interface Block {
  readonly line: number
  readonly language: string
  readonly text: string
}

interface Marker {
  readonly line: number
  readonly name: string
  readonly value: string
}

type Part = ({ readonly kind: 'block' } & Block) | ({ readonly kind: 'marker' } & Marker)

const markerNames = 'run|file|sql|checked|not played|background|fails|eventually|postgresql|mongodb'
const markerPattern = new RegExp(`^\\s*<!-- (${markerNames})(?:: ?([\\s\\S]*?))? ?-->`)

/** Blocks and markers in the order of the page, with their lines, counted from 1. */
function partsOf(markdown: string): readonly Part[] {
  const lines = markdown.split('\n')
  const parts: Part[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const text = lines[at] ?? ''
    const fence = /^(\s*)```(\w*)/.exec(text)
    if (fence !== null) {
      const [, indent = '', language = ''] = fence
      const end = lines.findIndex((line, index) => index > at && line.trim() === '```')
      const inside = lines.slice(at + 1, end === -1 ? undefined : end)
      const body = inside.map((line) =>
        line.startsWith(indent) ? line.slice(indent.length) : line,
      )
      parts.push({ kind: 'block', line: at + 1, language, text: `${body.join('\n')}\n` })
      if (end === -1) break
      at = end
    } else if (/^\s*<!-- /.test(text)) {
      const end = lines.findIndex((line, index) => index >= at && line.includes('-->'))
      const comment = lines.slice(at, end === -1 ? undefined : end + 1).join('\n')
      const [, name, value = ''] = markerPattern.exec(comment) ?? []
      if (name !== undefined)
        parts.push({ kind: 'marker', line: at + 1, name, value: value.trim() })
      if (end === -1) break
      at = end
    }
  }
  return parts
}

/** Whether a command goes on in the next line: in a quote, behind a backslash, in a here-document. */
function isOpen(text: string): boolean {
  const heredoc = /<<-?\s*(['"]?)(\w+)\1/.exec(text)
  if (heredoc !== null)
    return !text
      .split('\n')
      .slice(1)
      .includes(heredoc[2] ?? '')
  let quote = ''
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? ''
    if (char === '\\' && quote !== "'") at += 1
    else if (quote !== '') quote = char === quote ? '' : quote
    else if (char === "'" || char === '"') quote = char
  }
  return quote !== '' || /(?:\\|\||&&)$/.test(text)
}

/**
 * A block of commands, in steps: a comment right below a command is its answer, and a command that
 * ends with `&` is left in the background. `following` is the answer of the last step.
 */
export function stepsOf(block: Block, following: ShownAnswer | null): readonly CommandStep[] {
  const steps: CommandStep[] = []
  const lines = block.text.trimEnd().split('\n')
  let commands: string[] = []
  let answer: string[] = []
  let open = ''
  let isBackground = false
  let isBelowCommand = false
  let from = block.line + 1
  function end(next: number, last: ShownAnswer | null): void {
    const below = answer.length === 0 ? last : { language: 'text', text: answer.join('\n') }
    const text = commands.join('\n')
    if (text.trim() !== '') steps.push({ line: from, text, answer: below, isBackground })
    commands = []
    answer = []
    isBackground = false
    from = next
  }
  for (const [index, line] of lines.entries()) {
    if (isBelowCommand && line.startsWith('# ')) {
      answer.push(line.slice('# '.length))
      continue
    }
    if (answer.length > 0 || isBackground) end(block.line + 1 + index, null)
    commands.push(line)
    open = open === '' ? line : `${open}\n${line}`
    isBelowCommand = !isOpen(open) && /^\s*[^#\s]/.test(open)
    if (isOpen(open)) continue
    open = ''
    isBackground = /[^&>]&$/.test(line.trimEnd())
  }
  end(0, following)
  return steps
}

export const commandLanguages = ['sh', 'bash']
const answerLanguages = ['json', 'json5', 'http', 'text', 'csv', 'xml', '']
/** What can be read without anything else, where it is not an answer. */
const checkedLanguages = ['json', 'yaml', 'ini']
/** What says nothing that could be wrong. */
const freeLanguages = ['text', '']

/** What the page has to say of itself, and what there is to do, in order. */
export function readDocsPage(markdown: string): DocsPage {
  const parts = partsOf(markdown)
  const actions: DocsAction[] = []
  const needs = new Set<'postgresql' | 'mongodb'>()
  const problems: string[] = []
  let markers: Marker[] = []
  const answers = new Set<Part>()

  /** The block behind a played one, unless it has a marker of its own. */
  function answerOf(index: number): ShownAnswer | null {
    const next = parts[index + 1]
    if (next?.kind !== 'block' || !answerLanguages.includes(next.language)) return null
    answers.add(next)
    return { language: next.language, text: next.text }
  }

  function addBlock(block: Part & { readonly kind: 'block' }, index: number): void {
    const of = (name: string) => markers.find((marker) => marker.name === name)
    const { line, language, text } = block
    const [file, sql] = [of('file'), of('sql')]
    if (of('not played') !== undefined) {
      // nor is its answer, but for what can be checked all the same
      const next = parts[index + 1]
      if (next?.kind === 'block' && !checkedLanguages.includes(next.language)) answerOf(index)
      if (of('not played')?.value === '') problems.push(`${line}: not played, without a reason`)
    } else if (file !== undefined) {
      if (checkedLanguages.includes(language))
        actions.push({ kind: 'checked', line, language, text })
      actions.push({ kind: 'file', line, name: file.value, language, text })
    } else if (of('checked') !== undefined) {
      actions.push({ kind: 'checked', line, language, text })
    } else if (sql !== undefined) {
      actions.push({ kind: 'sql', line, target: sql.value, text, answer: answerOf(index) })
    } else if (commandLanguages.includes(language)) {
      const given = of('background') === undefined ? text : `${text.trimEnd()} &\n`
      const steps = stepsOf({ line, language, text: given }, answerOf(index))
      const fails = of('fails') !== undefined
      actions.push({
        kind: 'commands',
        line,
        steps,
        fails,
        isEventual: of('eventually') !== undefined,
      })
    } else if (checkedLanguages.includes(language)) {
      actions.push({ kind: 'checked', line, language, text })
    } else if (!freeLanguages.includes(language)) {
      problems.push(`${line}: a block of ${language} that is neither played nor marked`)
    }
  }

  for (const [index, part] of parts.entries()) {
    if (part.kind === 'block') {
      if (!answers.has(part)) addBlock(part, index)
      markers = []
    } else if (part.name === 'postgresql' || part.name === 'mongodb') {
      needs.add(part.name)
    } else if (part.name === 'run') {
      const text = `${part.value}\n`
      const steps = stepsOf({ line: part.line, language: 'sh', text }, null)
      actions.push({ kind: 'commands', line: part.line, steps, fails: false, isEventual: false })
    } else {
      markers.push(part)
    }
  }
  for (const { line, name } of markers) problems.push(`${line}: "${name}" is in front of no block`)
  return { actions, needs: [...needs], problems }
}
