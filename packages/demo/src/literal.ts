/** Values as source text of the languages that the page shows. */

/** How a language writes what JSON writes otherwise. */
interface Dialect {
  words: Record<string, string>;
  key(name: string): string;
  text(value: string): string;
  /** What stands between braces and their content. */
  pad: string;
}

const PYTHON: Dialect = {
  words: { true: 'True', false: 'False', null: 'None' },
  key: (name) => JSON.stringify(name),
  text: (value) => JSON.stringify(value),
  pad: '',
};

const JAVASCRIPT: Dialect = {
  words: {},
  key: (name) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : singleQuoted(name)),
  text: singleQuoted,
  pad: ' ',
};

function singleQuoted(text: string): string {
  // JSON's escapes are JavaScript's; only the quotes differ.
  const inner = JSON.stringify(text).slice(1, -1);
  return `'${inner.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function write(value: unknown, dialect: Dialect): string {
  const { words, key, text, pad } = dialect;
  if (typeof value === 'string') return text(value);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, dialect)).join(', ')}]`;
  if (typeof value !== 'object' || value === null) {
    const word = `${JSON.stringify(value ?? null)}`;
    return words[word] ?? word;
  }
  const fields = Object.entries(value).map(([name, field]) => `${key(name)}: ${write(field, dialect)}`);
  return fields.length === 0 ? '{}' : `{${pad}${fields.join(', ')}${pad}}`;
}

export function python(value: unknown): string {
  return write(value, PYTHON);
}

export function javascript(value: unknown): string {
  return write(value, JAVASCRIPT);
}

/** JSON for people: in one line where that is no longer than `width`. */
export function json(value: unknown, width: number): string {
  const lines = JSON.stringify(value, null, 2);
  // Texts in JSON have no line ends of their own.
  const line = lines.replace(/\n\s*/g, ' ');
  return line.length > width ? lines : line;
}

/** One argument of a shell command. */
export function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
