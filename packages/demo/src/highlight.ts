import { h } from './dom.js';

/** What each kind of token looks like, in the order in which it is tried. */
const TOKENS: Record<string, RegExp> = {
  json: /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*")|(?<number>-?\b\d[\d.eE+-]*|\b(?:true|false|null)\b)/g,
  curl: /(?<comment>^#.*)|(?<string>'(?:[^']|'\\'')*')|(?<key>^(?:curl|npx wscat)\b|\s-{1,2}\w+)/gm,
  python:
    /(?<comment>#.*)|(?<string>f?"(?:[^"\\\n]|\\.)*")|(?<key>\b(?:import|from|with|as|for|in|def|True|False|None)\b)|(?<number>\b\d[\d.]*\b)/g,
  javascript:
    /(?<comment>\/\/.*)|(?<string>'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|(?<key>\b(?:import|from|const|await|new|true|false|null)\b)|(?<number>\b\d[\d.]*\b)/g,
};

/** Text with its tokens in spans of their own. */
export function highlight(text: string, language: keyof typeof TOKENS): (Node | string)[] {
  const parts: (Node | string)[] = [];
  let done = 0;
  for (const match of text.matchAll(TOKENS[language] as RegExp)) {
    const kind = Object.entries(match.groups ?? {}).find(([, found]) => found !== undefined)?.[0];
    parts.push(text.slice(done, match.index), h('span', { class: `token-${kind}` }, match[0]));
    done = match.index + match[0].length;
  }
  parts.push(text.slice(done));
  return parts;
}
