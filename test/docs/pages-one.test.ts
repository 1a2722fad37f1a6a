/** The one half of the pages for users, played as a reader would. */
import { testDocsPages } from '../support/test-docs-pages.ts'

testDocsPages(0)
