import { readFileSync, writeFileSync } from 'node:fs'

/** A fenced block of a document, with the block of its output when one follows. */
export interface Example {
  language: string
  code: string
  /** The text block right after it, or null. */
  output: string | null
  /** Its line, from 1. */
  line: number
}

/** The fenced blocks of a Markdown file in order. A `text` block right after another is that one's output. */
export function examplesOf(path: string): Example[] {
  const examples: Example[] = []
  let end = 0
  const markdown = readFileSync(path, 'utf8')
  for (const match of markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [whole, language = '', code = ''] = match
    const previous = examples.at(-1)
    const between = markdown.slice(end, match.index)
    if (language === 'text' && previous !== undefined && between.trim() === '') previous.output = code
    else
      examples.push({ language, code, output: null, line: markdown.slice(0, match.index).split('\n').length })
    end = match.index + whole.length
  }
  return examples
}

/** Writes the real output of an example into its document. */
export function writeOutput(path: string, example: Example, output: string): void {
  const markdown = readFileSync(path, 'utf8')
  const shown = `\`\`\`${example.language}\n${example.code}\`\`\`\n\n\`\`\`text\n`
  writeFileSync(
    path,
    markdown.replace(`${shown}${example.output}\`\`\``, () => `${shown}${output}\`\`\``),
  )
}
