/**
 * One relation and its neighbours as a drawing: what it leads to on the left, what leads to it on the
 * right, what is joined with many below. Where there is little room all of them stand below each other.
 * The list under the drawing says the same, for who does not see it.
 */
import { drawn } from './page-elements.js'

/** @import { ShownRelation, ShownRelationship } from '../src/admin/show-schema.ts' */

/** @typedef {ShownRelation['relation']} Relation */
/** @typedef {{ schema: string, name: string }} Name */
/** @typedef {{ name: Name, kind: ShownRelationship['kind'], label: string }} Neighbour */

/** Neighbours drawn on one side; the list has all of them. */
const mostOnSide = 9
const boxHeight = 30
const gap = 12
const charWidth = 7.3

/**
 * @param {Relation} relation
 * @param {number} width  pixels that there are
 * @param {(name: Name) => void} onChoose
 */
export function drawRelation(relation, width, onChoose) {
  const neighbours = neighboursOf(relation)
  const left = neighbours.filter(({ kind }) => isToOne(kind))
  const right = neighbours.filter(({ kind }) => !isToOne(kind))
  return width < 620
    ? drawBelow(relation, [...left, ...right], width, onChoose)
    : drawBeside(relation, left, right, width, onChoose)
}

/** @param {ShownRelationship['kind']} kind */
function isToOne(kind) {
  return kind === 'many-to-one' || kind === 'one-to-one'
}

/**
 * Each neighbour once for each kind, whatever the number of keys.
 *
 * @param {Relation} relation
 * @returns {readonly Neighbour[]}
 */
function neighboursOf({ relationships }) {
  /** @type {Map<string, Neighbour>} */
  const found = new Map()
  for (const { kind, target, columns, by } of relationships) {
    const label = columns.length === 0 ? by : columns.map(([here]) => here).join(', ')
    const key = `${kind} ${target.schema}.${target.name}`
    if (!found.has(key)) found.set(key, { name: target, kind, label })
  }
  return [...found.values()]
}

/**
 * @param {Relation} relation
 * @param {readonly Neighbour[]} left
 * @param {readonly Neighbour[]} right
 * @param {number} width
 * @param {(name: Name) => void} onChoose
 */
function drawBeside(relation, left, right, width, onChoose) {
  const sideWidth = Math.min(230, (width - 200) / 2.6)
  const centreWidth = Math.min(260, width - 2 * sideWidth - 140)
  const shown = { left: left.slice(0, mostOnSide), right: right.slice(0, mostOnSide) }
  const rows = Math.max(
    2,
    shown.left.length + (left.length > mostOnSide ? 1 : 0),
    shown.right.length + (right.length > mostOnSide ? 1 : 0),
  )
  const height = rows * (boxHeight + gap) + gap
  const centre = { x: (width - centreWidth) / 2, y: height / 2 - 30, width: centreWidth }
  const svg = canvas(width, height)
  /** @param {readonly Neighbour[]} all @param {readonly Neighbour[]} some @param {'left' | 'right'} side */
  const side = (all, some, side) => {
    const count = some.length + (all.length > some.length ? 1 : 0)
    const top = (height - count * (boxHeight + gap) + gap) / 2
    const x = side === 'left' ? 1 : width - sideWidth - 1
    some.forEach((neighbour, at) => {
      const y = top + at * (boxHeight + gap)
      const from = { x: side === 'left' ? centre.x : centre.x + centre.width, y: height / 2 }
      const to = { x: side === 'left' ? x + sideWidth : x, y: y + boxHeight / 2 }
      svg.append(
        link(from, to, neighbour.kind),
        box(neighbour, x, y, sideWidth, onChoose, relation),
      )
    })
    if (all.length > some.length) {
      const y = top + some.length * (boxHeight + gap) + boxHeight / 2 + 4
      svg.append(
        drawn(
          'text',
          { class: 'map-more', x: x + sideWidth / 2, y, 'text-anchor': 'middle' },
          `and ${all.length - some.length} more`,
        ),
      )
    }
  }
  side(left, shown.left, 'left')
  side(right, shown.right, 'right')
  svg.append(...centreBox(relation, centre))
  return svg
}

/**
 * @param {Relation} relation
 * @param {readonly Neighbour[]} neighbours
 * @param {number} width
 * @param {(name: Name) => void} onChoose
 */
function drawBelow(relation, neighbours, width, onChoose) {
  const shown = neighbours.slice(0, mostOnSide)
  const isCut = neighbours.length > shown.length
  const height = 76 + shown.length * (boxHeight + gap) + (isCut ? 24 : 0)
  const svg = canvas(width, height)
  const centre = { x: 1, y: 2, width: width - 2 }
  shown.forEach((neighbour, at) => {
    const y = 76 + at * (boxHeight + gap)
    const middle = y + boxHeight / 2
    svg.append(
      drawn('path', { class: `map-link ${neighbour.kind}`, d: `M18 62V${middle}H40` }),
      ...foot({ x: 40, y: middle }, 1, neighbour.kind),
      box(neighbour, 40, y, width - 41, onChoose, relation),
    )
  })
  if (isCut)
    svg.append(
      drawn(
        'text',
        { class: 'map-more', x: 40, y: height - 6 },
        `and ${neighbours.length - shown.length} more`,
      ),
    )
  svg.append(...centreBox(relation, centre))
  return svg
}

/**
 * @param {number} width
 * @param {number} height
 */
function canvas(width, height) {
  return drawn('svg', {
    class: 'map',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    'aria-hidden': 'true',
  })
}

/**
 * @param {Relation} relation
 * @param {{ x: number, y: number, width: number }} place
 */
function centreBox(relation, { x, y, width }) {
  const { name, primaryKey, columns } = relation
  const key = primaryKey.length === 0 ? 'no key' : `key ${primaryKey.join(', ')}`
  const middle = x + width / 2
  return [
    drawn('rect', { class: 'map-centre', x, y, width, height: 60, rx: 10 }),
    drawn(
      'text',
      { class: 'map-name', x: middle, y: y + 26, 'text-anchor': 'middle' },
      shorten(name, width - 16),
    ),
    drawn(
      'text',
      { class: 'map-key', x: middle, y: y + 45, 'text-anchor': 'middle' },
      shorten(`${columns.length} columns · ${key}`, width - 10),
    ),
  ]
}

/**
 * @param {Neighbour} neighbour
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {(name: Name) => void} onChoose
 * @param {Relation} relation
 */
function box({ name, kind, label }, x, y, width, onChoose, relation) {
  const text = name.schema === relation.schema ? name.name : `${name.schema}.${name.name}`
  const made = drawn(
    'g',
    { class: `map-box ${kind}` },
    drawn('rect', { x, y, width, height: boxHeight, rx: 8 }),
    drawn('text', { x: x + 12, y: y + 19.5 }, shorten(text, width - 20)),
    drawn('title', {}, `${kind} by ${label}`),
  )
  made.addEventListener('click', () => onChoose(name))
  return made
}

/**
 * @param {string} text
 * @param {number} width
 */
function shorten(text, width) {
  const chars = Math.max(3, Math.floor(width / charWidth))
  const all = [...text]
  return all.length > chars ? `${all.slice(0, chars - 1).join('')}…` : text
}

/**
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 * @param {ShownRelationship['kind']} kind
 */
function link(from, to, kind) {
  const middle = (from.x + to.x) / 2
  const path = `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`
  const direction = to.x > from.x ? 1 : -1
  return drawn(
    'g',
    {},
    drawn('path', { class: `map-link ${kind}`, d: path }),
    ...foot(to, direction, kind),
  )
}

/**
 * The end of a line: a bar for one, a crow's foot for many.
 *
 * @param {{ x: number, y: number }} at
 * @param {number} direction  of the line, 1: to the right
 * @param {ShownRelationship['kind']} kind
 */
function foot({ x, y }, direction, kind) {
  const back = x - direction * 9
  const d = isToOne(kind)
    ? `M${back} ${y - 5}V${y + 5}`
    : `M${back} ${y}L${x} ${y - 5}M${back} ${y}L${x} ${y + 5}`
  return [drawn('path', { class: `map-foot ${kind}`, d })]
}
