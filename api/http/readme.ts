import { LRUCache } from "lru-cache";
import createMarkdown, { type MarkdownIt } from "markdown-it";

const keptMax = 500;
const keptCharsMax = 16 * 1024 * 1024;
/** Some constructs take time that grows with their square; longer readmes are shown as they are written. */
const renderedCharsMax = 50_000;
/** Rows of a table are filled up to its width, so that a short text can be a huge one; above this there are no tables. */
const cellsMax = 20_000;
/** Nested quotes, too, become far more HTML than they are long. */
const htmlCharsMax = 1024 * 1024;

/**
 * Readmes as HTML that is safe to show on a page of ours: the author's own HTML is text, links go to the web or by mail
 * and pass no reputation on, and only pictures over https are fetched.
 */
export class Readmes {
  readonly #markdown = markdown();
  readonly #withoutTables = markdown().disable("table");
  readonly #kept = new LRUCache<string, string>({
    max: keptMax,
    maxSize: keptCharsMax,
    sizeCalculation: (html, readme) => html.length + readme.length + 1,
  });

  html(readme: string): string {
    const known = this.#kept.get(readme);
    if (known !== undefined) return known;
    const html = this.#render(readme) ?? `<pre>${this.#markdown.utils.escapeHtml(readme)}</pre>`;
    this.#kept.set(readme, html);
    return html;
  }

  /** - undefined when it is too much */
  #render(readme: string): string | undefined {
    if (readme.length > renderedCharsMax) return undefined;
    const markdown = cellsAtMost(readme) > cellsMax ? this.#withoutTables : this.#markdown;
    const html = markdown.render(readme);
    return html.length > htmlCharsMax ? undefined : html;
  }
}

function cellsAtMost(readme: string): number {
  const lines = readme.split("\n");
  const widest = lines.reduce((most, line) => Math.max(most, line.split("|").length - 1), 0);
  return lines.length * widest;
}

function markdown(): MarkdownIt {
  const markdown = createMarkdown({ html: false, linkify: true });
  markdown.validateLink = (url) => /^(?:https?:\/\/|mailto:)/i.test(url.trim());
  const { rules } = markdown.renderer;
  rules.link_open = (tokens, at, options, _env, self) => {
    tokens[at]!.attrSet("rel", "nofollow noopener");
    return self.renderToken(tokens, at, options);
  };
  const { image } = rules;
  rules.image = (tokens, at, options, env, self) => {
    const token = tokens[at]!;
    if (/^https:\/\//i.test(String(token.attrGet("src"))))
      return image!(tokens, at, options, env, self);
    return markdown.utils.escapeHtml(self.renderInlineAsText(token.children ?? [], options, env));
  };
  return markdown;
}
