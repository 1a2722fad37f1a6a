/**
 * Where a file of our own package is, for what is started or served from the disk. A module cannot tell
 * by its own place: the compiler keeps the folders of src/, a build makes a few files of all of them, and
 * tests run the sources, beside what has been built.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * The nearest of that name in this module's folder and those above it, up to the package's root: as part
 * of the program that runs, or of the one in dist/. Where there is none it is the path in the root, and
 * who opens it is told what is missing.
 *
 * Shape   `name`: a path below src/ or the root, with slashes, such as `worker-main.js`
 */
export function packageFile(name: string): string {
  let folder = import.meta.dirname
  while (true) {
    const found = [join(folder, name), join(folder, 'dist', name)].find((path) => existsSync(path))
    if (found !== undefined) return found
    const above = dirname(folder)
    if (above === folder || existsSync(join(folder, 'package.json'))) return join(folder, name)
    folder = above
  }
}
