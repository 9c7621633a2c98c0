/** A row of a CSV text, and whether its quotes were closed. */
export interface CsvRow {
  line: number;
  fields: string[];
  isOpen: boolean;
}

/** RFC 4180 with "," and quotes that may hold line breaks. Blank lines are left out. Pure. */
export function csvRows(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let field = "";
  let quoted = false;
  let line = 1;
  let startLine = 1;
  const endRow = () => {
    if (fields.length > 0 || field !== "")
      rows.push({ line: startLine, fields: [...fields, field], isOpen: false });
    fields = [];
    field = "";
    startLine = line;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === "\n") line++;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') {
        field += '"';
        at++;
      } else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ",") {
      fields.push(field);
      field = "";
    } else if (character === "\n") endRow();
    else if (character !== "\r" || text[at + 1] !== "\n") field += character;
  }
  if (quoted) rows.push({ line: startLine, fields: [...fields, field], isOpen: true });
  else endRow();
  return rows;
}
