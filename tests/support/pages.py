"""Read an HTML page as a validator does: all elements closed, ids unique, nothing from elsewhere."""

from html.parser import HTMLParser
from typing import override

_VOID = frozenset({"meta", "wbr", "br", "hr", "input"})
#: Elements of SVG that may close themselves.
_SHAPES = frozenset({"rect", "line", "path", "circle"})
_LOADING = frozenset({"script", "link", "img", "iframe", "object", "embed", "source", "video", "base", "use",
                      "image", "form", "audio"})  # fmt: skip
_ADDRESSES = frozenset({"src", "href", "xlink:href", "action", "srcset", "poster", "data"})


class Page(HTMLParser):
    """A page that was parsed.

    Attributes
    ----------
    problems : list of str
        What is wrong with it.
    text : str
        What is to be read, without the style.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.policy = ""
        self.style = ""
        self.text = ""
        self._open: list[str] = []
        if not html.startswith("<!DOCTYPE html>"):
            self.problems.append("no doctype")
        self.feed(html)
        self.close()
        self.problems += [f"<{name}> is not closed" for name in self._open]
        self.problems += [f"the id {name} is there twice" for name in self.ids
                          if self.ids.count(name) > 1]  # fmt: skip
        self.problems += [
            f"nothing has the id {name}" for name in set(self.references) - {*self.ids}
        ]

    def rows(self, first: str) -> dict[str, list[str]]:
        """Give the rows of all tables whose first column has this heading, by their first cell."""
        found = [table for table in self.tables if table[0][0] == first]
        return {row[0]: row[1:] for table in found for row in table[1:]}

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in {"th", "td"}:
            self.tables[-1][-1].append("")

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)
        if tag not in _SHAPES:
            self.problems.append(f"<{tag}/> closes itself")

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.problems.append(f"</{tag}> closes another element, line {self.getpos()[0]}")

    @override
    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.style += data
            return
        self.text += data
        if self._open and {"th", "td"} & {*self._open}:
            self.tables[-1][-1][-1] += data

    def _seen(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if len(names) != len(attrs):
            self.problems.append(f"<{tag}> has an attribute twice")
        if tag in _LOADING:
            self.problems.append(f"<{tag}> loads something")
        for name, value in attrs:
            if name in _ADDRESSES or name.startswith("on") or name == "style":
                self.problems.append(f"<{tag} {name}={value!r}>")
        if names.get("http-equiv") == "Content-Security-Policy":
            self.policy = names["content"] or ""
        if (identifier := names.get("id")) is not None:
            self.ids.append(identifier)
        self.references += (names.get("aria-labelledby") or "").split()
