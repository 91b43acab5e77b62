// Tests that documents name as `file`: *title*.

/** Every one in a text. */
export function testsNamedIn(text) {
  return [...text.matchAll(/`([^`]+)`: \*([^*]+)\*/g)].map(([, file, title]) => ({ file, title }));
}

/** A `…` in the title stands for what a template takes in. */
export function hasTest(source, title) {
  const pieces = title.split('…').map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const quotes = pieces.length > 1 ? '`' : `['"]`;
  const literal = pieces.join(String.raw`\$\{[^}]*\}`);
  return new RegExp(String.raw`\b(?:test|check|it)\(\s*${quotes}${literal}${quotes}`).test(source);
}
