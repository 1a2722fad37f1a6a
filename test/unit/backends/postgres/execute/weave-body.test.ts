import { describe, expect, test } from 'vitest'
import { weaveBody } from '../../../../../src/backends/postgres/execute/weave-body.ts'
import { BodyMemory, LentBytes } from '../../../../../src/core/lent-bytes.ts'

const listed = [{ name: 'id', isStoredJson: false }]
const statementFor = () => ({ text: '', params: [], types: [], resultFormats: [] })

/** The answer to a read of `id` by columns, in memory that is lent. */
function answered(list: string | null, star: string | null, memory: BodyMemory) {
  const lent = memory.lend(200_000)
  const cells = [null, null, null, null, null, null, star, list]
  const row = cells.map((cell) => (cell === null ? null : Buffer.from(cell)))
  return { lent, answer: { tag: 'SELECT 1', rows: [row], columns: [], lent } }
}

describe('the body of an answer by columns', () => {
  test.each([
    ['rows', '[1, 2]', null, 2, { kind: 'woven', text: '[{"id":1}, \n {"id":2}]' }],
    ['no row', null, null, 0, { kind: 'woven', text: '[]' }],
    ['another star', '[1]', '{"id":null,"more":null}', 1, { kind: 'not-the-columns' }],
    ['a list too few', null, null, 1, { kind: 'not-the-columns' }],
    ['a value too few', '[1]', null, 2, { kind: 'not-the-columns' }],
    ['more than is woven', '[1]', null, 10_000_000, { kind: 'too-large' }],
  ] as const)('%s', async (_, list, star, rows, expected) => {
    const memory = new BodyMemory()
    const { answer, lent } = answered(list, star, memory)
    const woven = await weaveBody({ listed, star: null, statementFor }, answer, rows, memory)
    expect(woven.kind === 'woven' ? { kind: 'woven', text: textOf(woven.body) } : woven).toEqual(
      expected,
    )
    // given back: the next body lies in it
    expect(memory.lend(200_000).bytes.buffer).toBe(lent.bytes.buffer)
  })

  test('a large one lies in memory that is given back with it', async () => {
    const memory = new BodyMemory()
    const count = 30_000
    const list = `[${Array.from({ length: count }, (_, i) => i).join(', ')}]`
    const { answer } = answered(list, null, memory)
    const woven = await weaveBody({ listed, star: null, statementFor }, answer, count, memory)
    const body = woven.kind === 'woven' ? woven.body : null
    expect(body).toBeInstanceOf(LentBytes)
    expect(JSON.parse(textOf(body))).toHaveLength(count)
  })
})

function textOf(body: LentBytes | Buffer | string | null): string {
  return body instanceof LentBytes ? body.bytes.toString() : String(body)
}
