/** Prints rows `{ what, text, wanted?, met? }` as a Markdown table. */
export function printTable(rows) {
  const cells = rows.map(({ what, text, wanted = '', met }) => [
    what,
    text,
    wanted,
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  const heading = ['what', 'measured', 'wanted', ''];
  const widths = heading.map((name, column) =>
    Math.max(3, name.length, ...cells.map((line) => line[column].length)),
  );
  const print = (line, fill = ' ') =>
    console.log(`| ${line.map((cell, column) => cell.padEnd(widths[column], fill)).join(' | ')} |`);
  print(heading);
  print(
    heading.map(() => ''),
    '-',
  );
  for (const line of cells) print(line);
}
