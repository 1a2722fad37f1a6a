/**
 * What a page shows as an answer, held against what was answered: `…` stands for anything, blanks
 * between the parts of JSON do not count, and of headers those count that are shown. Pure.
 */
import type { ShownAnswer } from './docs-page.ts'

/** JSON without the blanks between its parts; any other text as well. */
function squeeze(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : ''))
}

function tidy(text: string): string {
  return text
    .replaceAll('\r', '')
    .replace(/[ \t]+$/gm, '')
    .trim()
}

function patternOf(shown: string): RegExp {
  const literal = shown.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${literal.join('[\\s\\S]*?')}$`)
}

/** Status, the headers that are shown, and the body; anything before the last answer is passed over. */
function httpMatches(shown: string, answered: string): boolean {
  const [shownHead = '', shownBody] = tidy(shown).split(/\n\n([\s\S]*)/)
  const start = tidy(answered).lastIndexOf('HTTP/1.1 ')
  const [head = '', body = ''] = tidy(answered)
    .slice(Math.max(start, 0))
    .split(/\n\n([\s\S]*)/)
  const lowered = (line: string) => line.replace(/^[\w-]+:/, (name) => name.toLowerCase())
  const lines = head.split('\n').map(lowered)
  const wanted = shownHead.split('\n').filter((line) => line !== '…')
  return (
    wanted.every((line) => lines.some((given) => patternOf(lowered(line)).test(given))) &&
    (shownBody === undefined || patternOf(squeeze(shownBody)).test(squeeze(body)))
  )
}

/** Whether what was answered is what the page shows. */
export function answerMatches(shown: ShownAnswer, answered: string): boolean {
  if (shown.language === 'http') return httpMatches(shown.text, answered)
  if (patternOf(tidy(shown.text)).test(tidy(answered))) return true
  const isJson = shown.language.startsWith('json') || /^[[{]/.test(shown.text)
  return isJson && patternOf(squeeze(shown.text)).test(squeeze(answered))
}

/** Whether it occurs in the lines of a server, of which a page shows some. */
export function answerOccurs(shown: ShownAnswer, lines: string): boolean {
  return patternOf(`…${tidy(shown.text)}…`).test(tidy(lines))
}
