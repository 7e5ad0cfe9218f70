// Writes docs/equivalents.md from docs/equivalents.tsv.
import { writeFileSync } from 'node:fs';
import { pageFile, readRows, renderPage } from './page.ts';

writeFileSync(pageFile, renderPage(readRows()));
