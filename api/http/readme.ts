import { LRUCache } from "lru-cache";
import createMarkdown, { type MarkdownIt } from "markdown-it";

const keptMax = 500;
const keptCharsMax = 16 * 1024 * 1024;
/** Markdown can ask for far more HTML than it is long: nested quotes, tables with empty cells. */
const htmlCharsMax = 1024 * 1024;

/**
 * Readmes as HTML that is safe to show on a page of ours: the author's own HTML is text, links go to the web or by mail
 * and pass no reputation on, and only pictures over https are fetched.
 */
export class Readmes {
  readonly #markdown = markdown();
  readonly #kept = new LRUCache<string, string>({
    max: keptMax,
    maxSize: keptCharsMax,
    sizeCalculation: (html, readme) => html.length + readme.length + 1,
  });

  html(readme: string): string {
    const known = this.#kept.get(readme);
    if (known !== undefined) return known;
    let html = this.#markdown.render(readme);
    if (html.length > htmlCharsMax) html = `<pre>${this.#markdown.utils.escapeHtml(readme)}</pre>`;
    this.#kept.set(readme, html);
    return html;
  }
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
