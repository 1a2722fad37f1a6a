/**
 * The commented configuration file that `--example` prints: every option with what it means and its
 * default, each line ready to be uncommented.
 */
import { defaultConfig } from './default-config.ts'
import { printOption } from './dump-config.ts'
import { optionKeys, options } from './options.ts'

/** Values are the defaults on PostgreSQL. */
export function exampleConfig(): string {
  const defaults = defaultConfig('postgres')
  const parts = optionKeys
    .filter((key) => !options[key].isHidden)
    .map((key) => {
      const { name, doc, defaultNote } = options[key]
      const note = defaultNote === null ? [] : [`## Default: ${withoutMarkup(defaultNote)}`]
      const meaning = wrapped(withoutMarkup(doc)).map((line) => `## ${line}`)
      return [...meaning, ...note, `# ${name} = ${printOption(defaults, key)}`].join('\n')
    })
  return `${parts.join('\n\n')}\n\n## Handed to the database as app.settings.name\n# app.settings.name = "value"\n`
}

function withoutMarkup(markdown: string): string {
  return markdown.replaceAll('`', '')
}

/** Lines of at most 90 characters. */
function wrapped(text: string): readonly string[] {
  return text.match(/\S.{0,88}\S(?=\s|$)|\S/g) ?? []
}
