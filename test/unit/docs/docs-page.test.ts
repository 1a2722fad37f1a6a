import { describe, expect, test } from 'vitest'
import { readDocsPage, stepsOf } from '../../support/docs-page.ts'

const page = (...lines: string[]) => readDocsPage(lines.join('\n'))

function steps(text: string) {
  return stepsOf({ line: 0, language: 'sh', text: `${text}\n` }, null).map(
    ({ text: typed, answer, isBackground }) => [typed.trim(), answer?.text ?? null, isBackground],
  )
}

describe('a block of commands', () => {
  test('ends a step where an answer stands below a command', () => {
    expect(steps('# a remark\na\nb\n# one\n# two\n\n# a remark\nc')).toEqual([
      ['# a remark\na\nb', 'one\ntwo', false],
      ['# a remark\nc', null, false],
    ])
  })

  test('has no answer inside of a quote, a continued line or a here-document', () => {
    expect(steps("a 'x\n# y'\n# z")).toEqual([["a 'x\n# y'", 'z', false]])
    expect(steps("cat <<'END'\na\n# y\nEND\n# z")).toEqual([
      ["cat <<'END'\na\n# y\nEND", 'z', false],
    ])
    expect(steps('a \\\n  b\n# z')).toEqual([['a \\\n  b', 'z', false]])
  })

  test('ends a step behind what is left in the background', () => {
    expect(steps('a &\n# up\nb && c\nd &')).toEqual([
      ['a &', 'up', true],
      ['b && c\nd &', null, true],
    ])
  })
})

describe('a page', () => {
  test('has the block behind commands as their answer', () => {
    const { actions } = page('```sh', 'a', '```', 'says', '```json', '[]', '```')
    expect(actions).toMatchObject([
      {
        kind: 'commands',
        line: 1,
        steps: [{ text: 'a', answer: { language: 'json', text: '[]\n' } }],
      },
    ])
  })

  test('has no answer in a block with a mark', () => {
    const { actions } = page('```sh', 'a', '```', '<!-- file: x/y.json -->', '```json', '[]', '```')
    expect(actions).toMatchObject([
      { kind: 'commands', steps: [{ answer: null }] },
      { kind: 'checked', language: 'json' },
      { kind: 'file', name: 'x/y.json', text: '[]\n' },
    ])
  })

  test('has commands that are not shown, and such as are left running', () => {
    const { actions } = page('<!-- run: a', 'b -->', '', '<!-- background -->', '```sh', 'c', '```')
    expect(actions).toMatchObject([
      { kind: 'commands', steps: [{ text: 'a\nb' }] },
      { kind: 'commands', steps: [{ text: 'c &', isBackground: true }] },
    ])
  })

  test('checks what can be read by itself', () => {
    const { actions, problems } = page('```json', '{}', '```', '```text', 'x', '```')
    expect(actions).toMatchObject([{ kind: 'checked', language: 'json' }])
    expect(problems).toEqual([])
  })

  test('says which servers it takes for granted', () => {
    expect(page('<!-- postgresql -->', '# A title').needs).toEqual(['postgresql'])
  })

  test.each([
    ['```sql', 'select 1', '```'],
    ['```http', 'GET /', '```'],
    ['```ts', 'x', '```'],
    ['<!-- not played -->', '```ts', 'x', '```'],
    ['<!-- file: a.txt -->'],
  ])('has a problem with %s %s', (...lines) => {
    expect(page(...lines).problems).toHaveLength(1)
  })

  test('may leave a block alone, with a reason', () => {
    const lines = [
      '<!-- not played: no Rust here -->',
      '```rust',
      'x',
      '```',
      '```http',
      'y',
      '```',
    ]
    const { actions, problems } = page(...lines)
    expect([actions, problems]).toEqual([[], []])
  })
})
