import { expect, test, vi } from 'vitest'
import { createTokenCache } from '../../../src/auth/token-cache.ts'

function filled(tokens: string, maxEntries: number) {
  const onEviction = vi.fn()
  const cache = createTokenCache<string>(onEviction)
  for (const token of tokens) cache.set(token, token.toUpperCase(), maxEntries)
  const add = (tokens: string) => {
    for (const token of tokens) cache.set(token, token.toUpperCase(), maxEntries)
  }
  return { cache, onEviction, add }
}

test('gives back what was set', () => {
  const { cache } = filled('ab', 2)
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', 'B', undefined])
})

test('evicts the oldest when nothing was used', () => {
  const { cache, onEviction } = filled('abc', 2)
  expect(cache.size).toBe(2)
  expect(cache.get('a')).toBeUndefined()
  expect(onEviction).toHaveBeenCalledTimes(1)
})

test('spares an entry that was used, once', () => {
  const { cache, add } = filled('abc', 3)
  cache.get('a')
  add('d')
  expect(cache.get('b')).toBeUndefined()
  expect(cache.get('a')).toBe('A')
})

test('goes on from where the hand stopped', () => {
  const { cache, add } = filled('abcd', 4)
  cache.get('a')
  cache.get('b')
  add('e')
  add('f')
  expect(['a', 'b', 'c', 'd', 'e', 'f'].filter((token) => cache.get(token) !== undefined)).toEqual([
    'a',
    'b',
    'e',
    'f',
  ])
})

test('begins again at the oldest when the hand has passed the newest', () => {
  const { cache, add } = filled('ab', 2)
  cache.get('a')
  cache.get('b')
  add('c')
  expect(cache.get('a')).toBeUndefined()
  expect(cache.get('b')).toBe('B')
})

test('keeps a value that is set again', () => {
  const { cache, onEviction } = filled('aa', 1)
  expect(cache.size).toBe(1)
  expect(onEviction).not.toHaveBeenCalled()
})

test('shrinks when the bound has become smaller', () => {
  const { cache, onEviction } = filled('abcdef', 6)
  cache.set('g', 'G', 2)
  expect(cache.size).toBe(2)
  expect(cache.get('g')).toBe('G')
  expect(onEviction).toHaveBeenCalledTimes(5)
})

test('a stream of one-time tokens does not push out those in use', () => {
  const { cache } = filled('ab', 4)
  for (let index = 0; index < 100; index += 1) {
    expect(cache.get('a')).toBe('A')
    expect(cache.get('b')).toBe('B')
    cache.set(`once ${index}`, 'x', 4)
  }
  expect(cache.size).toBe(4)
})
