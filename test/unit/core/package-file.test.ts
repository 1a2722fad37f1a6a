import { join } from 'node:path'
import { expect, test } from 'vitest'
import { packageFile } from '../../../src/core/package-file.ts'

const root = join(import.meta.dirname, '..', '..', '..')

test.each([
  ['a program beside the folder of the module', 'main.ts', 'src/main.ts'],
  ['a folder of the package', 'dashboard', 'dashboard'],
  ['what is nowhere, in the root', 'no/such-file.js', 'no/such-file.js'],
])('finds %s', (_, name, path) => {
  expect(packageFile(name)).toBe(join(root, path))
})
