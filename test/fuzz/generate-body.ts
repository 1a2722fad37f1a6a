/**
 * Bodies: JSON objects and arrays of them, CSV, forms, raw texts and bytes; for the columns of a
 * relation or the arguments of a function. Some are no such thing at all.
 */
import { jsonText, nastyText, valueJson, valueText } from './generate-value.ts'
import type { Random } from './random.ts'

export interface BodyField {
  readonly name: string
  readonly type: string
}

export interface FuzzBody {
  readonly contentType: string | null
  readonly bytes: Buffer
}

function json(text: string, random: Random): FuzzBody {
  const contentType = random.oneOf([
    [8, () => 'application/json'],
    [1, () => null],
    [
      1,
      () =>
        random.pick([
          'application/json; charset=utf-8',
          'APPLICATION/JSON',
          'application/vnd.pgrst.array+json',
        ]),
    ],
  ])
  return { contentType, bytes: Buffer.from(text) }
}

function objectText(fields: readonly BodyField[], random: Random): string {
  const members = fields.map(
    ({ name, type }) => `${JSON.stringify(name)}:${valueJson(type, random)}`,
  )
  return `{${members.join(random.chance(0.1) ? ' , ' : ',')}}`
}

function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function csv(fields: readonly BodyField[], random: Random): FuzzBody {
  const lines = [
    fields.map(({ name }) => csvField(name)),
    ...random.times(0, 4, () =>
      fields.map(({ type }) => (random.chance(0.1) ? 'NULL' : csvField(valueText(type, random)))),
    ),
  ]
  const text = lines.map((line) => line.join(',')).join(random.pick(['\n', '\r\n']))
  return { contentType: 'text/csv', bytes: Buffer.from(text) }
}

function form(fields: readonly BodyField[], random: Random): FuzzBody {
  const pairs = fields.map(
    ({ name, type }) =>
      `${encodeURIComponent(name)}=${encodeURIComponent(valueText(type, random))}`,
  )
  return {
    contentType: 'application/x-www-form-urlencoded',
    bytes: Buffer.from(pairs.join('&')),
  }
}

/** What no parser is glad of. */
function brokenText(random: Random): string {
  const depth = random.int(1, 3) ** 2 * 100
  return random.oneOf([
    [1, () => ''],
    [1, () => 'null'],
    [1, () => '[]'],
    [1, () => '[[]]'],
    [1, () => '[{}]'],
    [1, () => '{}'],
    [1, () => '"text"'],
    [1, () => '12'],
    [1, () => '{"a":1'],
    [1, () => '{"a":1,}'],
    [1, () => '{"a":1}{"a":2}'],
    [1, () => "{'a':1}"],
    [1, () => '\ufeff{"id":1}'],
    [1, () => '{"id":1,"id":2}'],
    [1, () => '{"__proto__":1}'],
    [1, () => '{"":1}'],
    [1, () => '[{"id":1},{"name":2}]'],
    [1, () => '[{"id":1},3]'],
    [1, () => `${'['.repeat(depth)}${']'.repeat(depth)}`],
    [1, () => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
    [1, () => `{"id":${'9'.repeat(depth)}}`],
    [2, () => nastyText(random)],
    [2, () => jsonText(random)],
  ])
}

function broken(random: Random): FuzzBody {
  const types = ['application/json', 'text/csv', 'application/x-www-form-urlencoded', 'text/plain']
  return {
    contentType: random.pick([
      ...types,
      'text/xml',
      'application/octet-stream',
      '',
      'a/b',
      'zqmark',
    ]),
    bytes: random.chance(0.1)
      ? Buffer.from(random.times(0, 40, () => random.int(0, 255)))
      : Buffer.from(brokenText(random)),
  }
}

export function rowsBody(fields: readonly BodyField[], random: Random): FuzzBody {
  return random.oneOf([
    [6, () => json(objectText(fields, random), random)],
    [3, () => json(`[${random.times(0, 4, () => objectText(fields, random)).join(',')}]`, random)],
    [2, () => csv(fields, random)],
    [1, () => form(fields, random)],
    [1, () => broken(random)],
  ])
}

export function argumentsBody(fields: readonly BodyField[], random: Random): FuzzBody {
  const [only] = fields
  if (fields.length === 1 && only?.name === '') {
    const type = { json: 'application/json', text: 'text/plain', bytea: 'application/octet-stream' }
    const contentType = Object.entries(type).find(([name]) => only.type.startsWith(name))?.[1]
    const text = valueText(only.type, random)
    return { contentType: contentType ?? 'application/json', bytes: Buffer.from(text) }
  }
  return random.oneOf([
    [6, () => json(objectText(fields, random), random)],
    [2, () => form(fields, random)],
    [1, () => broken(random)],
  ])
}
