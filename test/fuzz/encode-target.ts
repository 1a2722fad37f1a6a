/**
 * Path segments and pairs → the request target, one unit per byte, encoded in the ways that clients
 * encode; and what damages a target on its way: lost and flipped characters, stray percent signs,
 * control characters, pieces in the wrong place.
 */
import { grammarTexts, injections, unicodeTexts } from './nasty-texts.ts'
import type { Random } from './random.ts'

export type Encoding = 'needed' | 'strict' | 'every' | 'lower' | 'raw'

export const encodings: readonly Encoding[] = ['needed', 'strict', 'every', 'lower', 'raw']

const needed = /[\0-\x20"#%&+;<>?\\^`{|}\x7f-\xff]/
const strict = /[^A-Za-z0-9_.~-]/
/** What ends a pair or a line, and what Node's parser refuses, even lazy clients encode. */
const vital = /[\0-\x20#%&+;?\x7f-\xff]/

function mustEncode(character: string, encoding: Encoding): boolean {
  switch (encoding) {
    case 'needed':
      return needed.test(character)
    case 'strict':
    case 'lower':
      return strict.test(character)
    case 'every':
      return true
    case 'raw':
      return vital.test(character)
  }
}

function percent(byte: number, encoding: Encoding): string {
  const hex = byte.toString(16).padStart(2, '0')
  return `%${encoding === 'lower' ? hex : hex.toUpperCase()}`
}

/** Lone surrogates become U+FFFD, as in every client. */
export function encodePart(text: string, encoding: Encoding): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte)
    const isSlash = character === '/'
    encoded += mustEncode(character, encoding) || isSlash ? percent(byte, encoding) : character
  }
  return encoded
}

const separators = '.,()&=?:!*"\\{}->;+ /'

function splice(target: string, at: number, removed: number, added: string): string {
  return `${target.slice(0, at)}${added}${target.slice(at + removed)}`
}

type Mutation = (target: string, random: Random) => string

const mutations: readonly (readonly [number, Mutation])[] = [
  // one character less, another, one more
  [4, (target, random) => splice(target, random.int(1, target.length), 1, '')],
  [
    4,
    (target, random) => {
      const character = String.fromCharCode(random.int(0x21, 0x7e))
      return splice(target, random.int(1, target.length), random.int(0, 1), character)
    },
  ],
  [
    4,
    (target, random) =>
      splice(
        target,
        random.int(1, target.length),
        random.int(0, 1),
        encodePart(separators.charAt(random.int(0, separators.length - 1)), 'raw'),
      ),
  ],
  // the rest missing, or repeated
  [3, (target, random) => target.slice(0, random.int(1, target.length))],
  [
    2,
    (target, random) => {
      const at = random.int(1, target.length)
      const piece = target.slice(at, at + random.int(1, 40))
      return splice(target, at, 0, piece.repeat(random.int(1, 20)))
    },
  ],
  // pieces exchanged
  [
    2,
    (target, random) => {
      const [path = '', query = ''] = target.split(/\?(.*)/s)
      const pairs = query.split('&')
      const one = random.pick(pairs)
      return `${path}?${[...pairs, one, one.split('=').toReversed().join('=')].join('&')}`
    },
  ],
  [
    3,
    (target, random) =>
      splice(
        target,
        random.int(1, target.length),
        random.int(0, 3),
        encodePart(random.pick([...injections, ...unicodeTexts, ...grammarTexts]), 'strict'),
      ),
  ],
  // percent signs that encode nothing, bytes that are no UTF-8, overlong and encoded twice
  [
    2,
    (target, random) =>
      splice(
        target,
        random.int(1, target.length),
        0,
        random.pick([
          '%',
          '%0',
          '%zz',
          '%%',
          '%u0041',
          '%ff',
          '%c0%ae',
          '%ed%a0%80',
          '%25%27',
          '%00',
        ]),
      ),
  ],
  // deep
  [
    1,
    (target, random) => {
      const open = random.pick([
        '(',
        'and(',
        'books(',
        'films(',
        'not.',
        '->a',
        '"',
        '%28',
        '.',
        ',',
      ])
      return splice(target, random.int(1, target.length), 0, open.repeat(random.int(2, 600)))
    },
  ],
  // raw bytes, which Node's parser refuses in part
  [
    1,
    (target, random) =>
      splice(target, random.int(1, target.length), 0, String.fromCharCode(random.int(0, 255))),
  ],
]

export function mutateTarget(target: string, random: Random): string {
  let mutated = target
  for (
    let count = random.oneOf([
      [5, () => 1],
      [2, () => 2],
      [1, () => 5],
    ]);
    count > 0;
    count -= 1
  ) {
    mutated = random.oneOf(
      mutations.map(([weight, mutate]) => [weight, () => mutate(mutated, random)]),
    )
  }
  return mutated
}
