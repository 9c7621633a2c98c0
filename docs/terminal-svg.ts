import { text } from "node:stream/consumers";

/**
 * A terminal's screen as an SVG, for README.md. Block characters are drawn as rectangles, so that they join whatever
 * font the reader has; text is placed run by run on the grid.
 *
 *   tmux new-session -d -s demo -x 80 -y 50 && tmux send-keys -t demo 'npm run demo' Enter    # and wait for its end
 *   tmux capture-pane -t demo -pe -S - | node docs/terminal-svg.ts > docs/demo.svg
 */
const cell = { width: 8.4, height: 18 };
const margin = { left: 18, top: 46, right: 18, bottom: 16 };
const fontPx = 14;
const columns = 80;

const colors: Record<number, string> = {
  31: "#f47067",
  32: "#57ab5a",
  33: "#c69026",
  34: "#539bf5",
  35: "#b083f0",
  36: "#39c5cf",
  90: "#768390",
};
const foreground = "#d1d7e0";
const background = "#1c2128";

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
}

const plain: Style = { color: foreground, bold: false, dim: false };

function styled(style: Style, codes: readonly number[]): Style {
  let next = style;
  for (const code of codes) {
    if (code === 0) next = plain;
    else if (code === 1) next = { ...next, bold: true };
    else if (code === 2) next = { ...next, dim: true };
    else if (code === 22) next = { ...next, bold: false, dim: false };
    else if (code === 39) next = { ...next, color: foreground };
    else if (colors[code]) next = { ...next, color: colors[code] };
  }
  return next;
}

interface Cell extends Style {
  character: string;
}

function readScreen(ansi: string): Cell[][] {
  let style = plain;
  return ansi.split("\n").map((line) => {
    const cells: Cell[] = [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
    for (const [, codes, character] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b])/gu)) {
      if (character === undefined) style = styled(style, (codes ?? "").split(";").map(Number));
      else cells.push({ ...style, character });
    }
    return cells;
  });
}

const shades: Record<string, number> = { "░": 0.3, "▒": 0.55, "▓": 0.8, "█": 1 };

/** The part of its cell that a block character fills: from the top, height, opacity. */
function blockOf(character: string): { top: number; height: number; opacity: number } | undefined {
  const opacity = shades[character];
  if (opacity !== undefined) return { top: 0, height: 1, opacity };
  const eighths = character.charCodeAt(0) - 0x2580;
  if (character.length !== 1 || eighths < 1 || eighths > 7) return undefined;
  return { top: 1 - eighths / 8, height: eighths / 8, opacity: 1 };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Neighbours that look alike, as one element. */
function drawLine(cells: readonly Cell[], y: number): string {
  let svg = "";
  for (let from = 0; from < cells.length; ) {
    const first = cells[from]!;
    const block = blockOf(first.character);
    let to = from + 1;
    while (to < cells.length && alike(first, cells[to]!, block !== undefined)) to++;
    const x = round(margin.left + from * cell.width);
    const width = round((to - from) * cell.width);
    const opacity = (block?.opacity ?? 1) * (first.dim ? 0.65 : 1);
    const look = `fill="${first.color}"${opacity < 1 ? ` opacity="${round(opacity)}"` : ""}`;
    if (block)
      svg += `<rect x="${x}" y="${round(y + block.top * cell.height)}" width="${width}" height="${round(block.height * cell.height)}" ${look}/>`;
    else {
      const words = cells.slice(from, to).map(({ character }) => character);
      // Plain spaces would be collapsed.
      const escaped = words.join("").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      const spaced = escaped.replaceAll(" ", "\u00a0");
      if (escaped.trim() !== "")
        svg += `<text x="${x}" y="${round(y + 13.5)}" textLength="${width}" ${look}${first.bold ? ' font-weight="700"' : ""}>${spaced}</text>`;
    }
    from = to;
  }
  return svg === "" ? "" : `${svg}\n`;
}

function alike(one: Cell, other: Cell, block: boolean): boolean {
  if (block) return other.character === one.character && other.color === one.color;
  const same = one.color === other.color && one.bold === other.bold && one.dim === other.dim;
  return same && blockOf(other.character) === undefined;
}

const lines = readScreen((await text(process.stdin)).trimEnd());
const width = Math.ceil(margin.left + columns * cell.width + margin.right);
const height = margin.top + lines.length * cell.height + margin.bottom;
const dots = ["#f47067", "#c69026", "#57ab5a"].map(
  (color, i) => `<circle cx="${24 + i * 20}" cy="22" r="6" fill="${color}"/>`,
);
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="npm run demo in a terminal">
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${background}" stroke="#444c56"/>
${dots.join("")}
<g shape-rendering="crispEdges" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${fontPx}">
${lines.map((cells, row) => drawLine(cells, margin.top + row * cell.height)).join("")}</g>
</svg>
`,
);
