// Type-checks every ```ts block of the repository's Markdown against the built packages, and runs those marked ```ts run:
// what they print must be what stands after `// ` on the lines with console.log. Imports and declarations that would only
// distract a reader stand before a block in a comment: <!-- snippet … -->.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import ts from 'typescript';

const directory = resolve('.cache/snippets');
const block = /(?:<!-- snippet\n(?<prelude>[^]*?)-->\s*)?^```ts(?<run> run)?\n(?<code>[^]*?)^```$/gm;

const documents = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  encoding: 'utf8',
});
const snippets = documents.split('\n').filter(Boolean).flatMap(snippetsOf);
rmSync(directory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
writeFileSync(join(directory, 'package.json'), '{ "type": "module" }\n');
for (const { file, source } of snippets) writeFileSync(file, source);

const failures = typeCheck();
if (failures.length === 0) failures.push(...snippets.filter(({ run }) => run).flatMap(execute));
for (const failure of failures) console.error(failure);
const ran = snippets.filter(({ run }) => run).length;
console.log(`${snippets.length} snippets compiled, ${ran} of them run, ${failures.length} failures`);
// None at all would mean that this script no longer finds them.
process.exitCode = failures.length === 0 && snippets.length > 0 ? 0 : 1;

function snippetsOf(document) {
  const text = readFileSync(document, 'utf8');
  return [...text.matchAll(block)].map((match, index) => {
    const { prelude = '', run, code } = match.groups;
    const name = `${document.replaceAll(/[/.]/g, '-')}-${index + 1}.ts`;
    const start = match.index + match[0].indexOf(code, match[0].indexOf('```ts'));
    return {
      document,
      file: join(directory, name),
      source: `${prelude}${code}export {};\n`,
      code,
      run: run !== undefined,
      // Line of the document for a line of the source: only for what stands in the block itself.
      firstLine: text.slice(0, start).split('\n').length,
      preludeLines: prelude.split('\n').length - 1,
    };
  });
}

function typeCheck() {
  const { config } = ts.readConfigFile('tsconfig.base.json', ts.sys.readFile);
  const wanted = {
    ...config.compilerOptions,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    outDir: directory,
    rootDir: directory,
  };
  const { options } = ts.convertCompilerOptionsFromJson(wanted, process.cwd());
  const program = ts.createProgram(
    snippets.map(({ file }) => file),
    options,
  );
  const found = [...ts.getPreEmitDiagnostics(program)];
  if (found.length === 0) program.emit();
  return found.map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    const snippet = snippets.find(({ file }) => file === diagnostic.file?.fileName);
    return snippet === undefined ? message : `${placeOf(snippet, diagnostic)}: ${message}`;
  });
}

function placeOf(snippet, { file, start }) {
  const line = file.getLineAndCharacterOfPosition(start).line - snippet.preludeLines;
  return `${snippet.document}:${line < 0 ? `${snippet.firstLine} (its comment)` : snippet.firstLine + line}`;
}

function execute({ document, firstLine, file, code }) {
  const expected = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, printed]) => printed);
  const { status, stdout, stderr } = spawnSync(process.execPath, [basename(file).replace(/\.ts$/, '.js')], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 30_000,
  });
  const printed = stdout.split('\n').slice(0, -1);
  if (status === 0 && printed.join('\n') === expected.join('\n')) return [];
  return [
    `${document}:${firstLine}: ended with ${status}, printed ${JSON.stringify(printed)}, not ${JSON.stringify(expected)} ${stderr}`,
  ];
}
