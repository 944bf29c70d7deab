/**
 * The build of a job: one file of everything but what no bundle can hold (lmdb is a native addon, zstd-wasm reads a file
 * beside it) and what is loaded for one kind of sink alone.
 */
export const buildFile: string = `import { build } from 'esbuild'

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  minifyWhitespace: true,
  // Loaded from node_modules: a native addon, a package that reads a file of its own, and the driver of MySQL.
  external: ['lmdb', '@bokuweb/zstd-wasm', 'mysql2'],
  alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
  // For packages in CommonJS, which ask for Node's own modules by it.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  logLevel: 'warning',
})
`
