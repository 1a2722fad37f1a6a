import { expect, test } from 'vitest'
import { createScope } from '../../../src/core/scope.ts'

test('everything is released, newest first, and the failures are told together', async () => {
  const released: string[] = []
  const scope = createScope()
  scope.add(() => {
    released.push('first')
    throw new Error('no disk')
  })
  scope.add(() => {
    released.push('second')
    return Promise.reject(new Error('no network'))
  })
  scope.add(() => {
    released.push('third')
  })
  await expect(scope.close()).rejects.toThrow(
    'releasing resources failed: Error: no network; Error: no disk',
  )
  expect(released).toEqual(['third', 'second', 'first'])
})

test('a closed scope releases at once what is added', async () => {
  const scope = createScope()
  await scope.close()
  const isReleased = new Promise<void>((resolve) => scope.add(resolve))
  await isReleased
})
