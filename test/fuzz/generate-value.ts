/**
 * Values for columns and arguments: mostly ones that their type takes, so that requests reach the
 * database, else texts of nasty-texts.ts. As text (for queries, forms and CSV) or as JSON.
 */
import {
  grammarTexts,
  injections,
  longText,
  marker,
  numberTexts,
  numericMarker,
  unicodeTexts,
} from './nasty-texts.ts'
import type { Random } from './random.ts'

const words = ['one', 'Alpha', 'cat', 'x', 'Rex', 'label', 'brief', 'ab', 'zebra']

function nastyText(random: Random): string {
  return random.oneOf([
    [4, () => random.pick(injections)],
    [3, () => random.pick(unicodeTexts)],
    [3, () => random.pick(grammarTexts)],
    [2, () => random.pick(numberTexts)],
    [1, () => longText(random)],
    [1, () => `${random.pick(injections)}${random.pick(unicodeTexts)}${random.pick(grammarTexts)}`],
  ])
}

function wordText(random: Random): string {
  return random.oneOf([
    [3, () => random.pick(words)],
    [3, () => `${marker}${random.int(0, 99)}`],
    [1, () => `${random.pick(words)} ${random.pick(words)}`],
  ])
}

function smallInt(random: Random): string {
  return String(
    random.oneOf([
      [8, () => random.int(0, 6)],
      [2, () => random.int(-100, 100)],
      [1, () => numericMarker],
    ]),
  )
}

const two = (n: number) => String(n).padStart(2, '0')

function date(random: Random): string {
  return `20${two(random.int(0, 30))}-${two(random.int(1, 12))}-${two(random.int(1, 28))}`
}

function time(random: Random): string {
  return `${two(random.int(0, 23))}:${two(random.int(0, 59))}:${two(random.int(0, 59))}`
}

function uuid(random: Random): string {
  return `6f1b6f3e-0000-4000-8000-${String(random.int(0, 9)).padStart(12, '0')}`
}

function range(random: Random, bound: (random: Random) => string): string {
  const bounds = [bound(random), bound(random)].sort()
  return random.oneOf([
    [6, () => `${random.pick(['[', '('])}${bounds[0]},${bounds[1]}${random.pick([']', ')'])}`],
    [1, () => 'empty'],
    [1, () => `[${bounds[0]},)`],
    [1, () => '(,)'],
  ])
}

export function jsonText(random: Random, depth = 0): string {
  const leaf = () =>
    random.oneOf([
      [3, () => String(random.int(-9, 999))],
      [3, () => JSON.stringify(wordText(random))],
      [1, () => JSON.stringify(nastyText(random))],
      [
        1,
        () => random.pick(['null', 'true', 'false', '1e5', '-0', '0.10', '12345678901234567890']),
      ],
      [1, () => random.pick(['"\\u0000"', '"\\ud800"', '"\\u0041"', '1e400', '{}', '[]', '""'])],
    ])
  if (depth > 3) return leaf()
  return random.oneOf([
    [3, leaf],
    [2, () => `[${random.times(0, 3, () => jsonText(random, depth + 1)).join(',')}]`],
    [
      3,
      () => {
        const key = () =>
          JSON.stringify(random.pick(['a', 'b', 'k', 'pages', wordText(random), '']))
        return `{${random.times(0, 3, () => `${key()}: ${jsonText(random, depth + 1)}`).join(',')}}`
      },
    ],
  ])
}

function member(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

function bareType(type: string): string {
  return type
    .replace(/\(.*?\)/, '')
    .replace(/^[a-z_]+\./i, '')
    .trim()
    .toLowerCase()
}

type Maker = (random: Random) => string

/** By the beginning of the type's name; the first that fits counts. */
const makers: readonly (readonly [RegExp, Maker])[] = [
  [/^(tiny|small|medium|big)?int|^integer|^oid|^bigserial|^serial/, smallInt],
  [
    /^(numeric|decimal|real|double|float|money)/,
    (r) => `${smallInt(r)}${r.pick(['', '.5', '.25'])}`,
  ],
  [/^bool/, (r) => r.pick(['true', 'false', 't', '0', 'no'])],
  [/^json(b)?$/, (r) => jsonText(r)],
  [/^jsonpath/, (r) => r.pick(['$', '$.a', '$.a[*] ? (@ > 1)', 'strict $.k', '$.**'])],
  [/^timestamp|^datetime/, (r) => `${date(r)}T${time(r)}${r.pick(['', 'Z', '+02', '-05:30'])}`],
  [/^timetz|^time/, (r) => `${time(r)}${r.pick(['', '+00'])}`],
  [/^daterange/, (r) => range(r, date)],
  [/^tstzrange|^tsrange/, (r) => range(r, (each) => `"${date(each)} ${time(each)}"`)],
  [/^int\drange|^numrange/, (r) => range(r, (each) => String(each.int(10, 99)))],
  [/multirange/, (r) => `{${r.times(0, 2, () => range(r, (each) => String(each.int(10, 99))))}}`],
  [
    /^date/,
    (r) =>
      r.oneOf([
        [9, () => date(r)],
        [1, () => r.pick(['infinity', 'today', 'epoch'])],
      ]),
  ],
  [/^interval/, (r) => r.pick(['1 day', '2 hours', '-3 mons', 'P1Y2M', '00:00:01'])],
  [/^bytea|^blob/, (r) => r.pick(['\\x', '\\xdeadbeef', '\\x00', 'plain', '\\000'])],
  [/^tsvector|^tsquery/, (r) => r.pick(['cat', "'cat' & 'dog'", 'cat | dog', '!cat', 'cat:*'])],
  [/^uuid/, uuid],
  [/^inet|^cidr/, (r) => r.pick(['10.0.0.1', '10.0.0.0/8', '::1', '::/0'])],
  [/^macaddr/, (r) => r.pick(['08:00:2b:01:02:03', '00:00:00:00:00:00'])],
  [/^bit/, (r) => r.pick(['1010', '0000', '1', ''])],
  [/^point/, (r) => `(${r.int(0, 9)},${r.int(0, 9)})`],
  [/^box/, (r) => `(${r.int(0, 9)},${r.int(0, 9)}),(1,1)`],
  [/^xml/, (r) => r.pick(['<a/>', '<a>b</a>', 'text', '<a b="c">&lt;</a>'])],
  [/^regclass/, (r) => r.pick(['pg_class', 'books', '1'])],
  [/^mood/, (r) => r.pick(['sad', 'ok', 'happy'])],
  [/^percent|^tint/, (r) => String(r.int(0, 100))],
  [/^place/, (r) => r.pick(['(Main,1,"(1,2)")', '(,,)', '("a b",2,)'])],
]

/** What the type takes, as a text. */
function plausibleText(type: string, random: Random): string {
  const bare = bareType(type)
  if (bare.endsWith('[]')) {
    const inner = type.slice(0, type.lastIndexOf('[]'))
    return `{${random.times(0, 3, () => member(plausibleText(inner, random))).join(',')}}`
  }
  const maker = makers.find(([pattern]) => pattern.test(bare))
  return maker === undefined ? wordText(random) : maker[1](random)
}

/** A value as a query, a form or CSV holds it. */
export function valueText(type: string, random: Random): string {
  return random.chance(0.93) ? plausibleText(type, random) : nastyText(random)
}

/** A value as a JSON body holds it. */
export function valueJson(type: string, random: Random): string {
  return random.oneOf([
    [12, () => plausibleJson(type, random)],
    [1, () => 'null'],
    [1, () => JSON.stringify(nastyText(random))],
    [1, () => jsonText(random)],
  ])
}

function plausibleJson(type: string, random: Random): string {
  const bare = bareType(type)
  if (bare.endsWith('[]')) {
    const inner = type.slice(0, type.lastIndexOf('[]'))
    return `[${random.times(0, 3, () => plausibleJson(inner, random)).join(',')}]`
  }
  if (/^json(b)?$/.test(bare)) return jsonText(random)
  if (bare === 'place') return '{"street": "Main", "number": 1}'
  const text = plausibleText(type, random)
  return /^(small|big)?int|^integer|^numeric/.test(bare) && random.chance(0.8)
    ? text
    : JSON.stringify(text)
}

export { nastyText, wordText }
