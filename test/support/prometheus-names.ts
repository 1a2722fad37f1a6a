/**
 * What a Prometheus expression asks for, and what a server's metrics have: series by name, with the
 * labels that they bear. Enough of the grammar to hold one against the other, not a parser of it.
 */

/** A condition on a label, such as `status=~"5.."`. */
interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

interface Expression {
  readonly selectors: readonly { readonly name: string; readonly matchers: readonly Matcher[] }[]
  /** Labels that it groups by, joins on or keeps. */
  readonly grouping: readonly string[]
}

const words = new Set(['and', 'or', 'unless', 'by', 'without', 'on', 'ignoring', 'bool', 'offset'])

export function readExpression(text: string): Expression {
  const grouped = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)\)/g
  const grouping = [...text.matchAll(grouped)]
    .flatMap((match) => (match[1] ?? '').split(','))
    .map((label) => label.trim())
    .filter((label) => label !== '')
  const bare = text.replaceAll(grouped, ' ').replaceAll(/\[[^\]]*\]/g, ' ')
  // a name in front of `(` is a function; one within braces or quotes is none
  const named = /([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\(|[\w:])/g
  const selectors = [...bare.matchAll(named)]
    .map((match) => ({ name: match[1] ?? '', matchers: readMatchers(match[2] ?? '') }))
    .filter(({ name }) => !words.has(name))
  return { selectors, grouping }
}

function readMatchers(braces: string): readonly Matcher[] {
  return [...braces.matchAll(/(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g)].map((match) => ({
    label: match[1] ?? '',
    operator: match[2] ?? '',
    value: match[3] ?? '',
  }))
}

/** Of each series the values of its labels. */
export type Exposition = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>

/** Reads the text format. A metric without series is there by its `# TYPE`. */
export function readExposition(text: string): Exposition {
  const found = new Map<string, Map<string, Set<string>>>()
  const labelsOf = (name: string) => {
    const known = found.get(name) ?? new Map<string, Set<string>>()
    found.set(name, known)
    return known
  }
  for (const line of text.split('\n')) {
    const [, metric, type] = /^# TYPE (\S+) (\w+)/.exec(line) ?? []
    if (metric !== undefined) {
      const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      for (const suffix of suffixes) labelsOf(metric + suffix)
    }
    const [, name, braces = ''] = /^([a-zA-Z_:][\w:]*)(\{.*\})? /.exec(line) ?? []
    if (name === undefined) continue
    for (const { label, value } of readMatchers(braces)) {
      const labels = labelsOf(name)
      labels.set(label, (labels.get(label) ?? new Set()).add(value))
    }
  }
  return found
}
