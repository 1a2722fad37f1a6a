import { expect, test } from 'vitest'
import { oncePerObject } from '../../../src/core/once-per-object.ts'

test('what is made of an object is made once, and of another one anew', () => {
  const made: string[] = []
  const labelOf = oncePerObject((of: { readonly name: string }, mark: string) => {
    made.push(of.name + mark)
    return { label: of.name + mark }
  })
  const film = { name: 'film' }
  const first = labelOf(film, '!')
  expect(labelOf(film, '?')).toBe(first)
  expect(labelOf({ name: 'film' }, '?')).toEqual({ label: 'film?' })
  expect(made).toEqual(['film!', 'film?'])
})
