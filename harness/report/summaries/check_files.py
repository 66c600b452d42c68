"""A check as HTML, and for machines and GitHub: Markdown, JUnit XML, annotations.

JUnit XML has no official schema. The elements used here are those that all readers know: testsuite, testcase
(classname, name), and in a testcase failure or system-out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from harness.evidence.gate.decision import Checked
from harness.machine.printable import printable
from harness.report.summaries.check_words import ORDER, SHAPES, basis, decisions, headline, not_compared, sentence

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # characters not allowed in XML 1.0


def markdown(checked: Checked) -> str:
    """Return the check as a Markdown summary."""
    return _render("check.md.j2", checked)


def html(checked: Checked) -> str:
    """Return the check as a self-contained HTML page."""
    return _render("check.html.j2", checked, shapes=SHAPES, script=None, data=None)


def _render(template: str, checked: Checked, **extra: Any) -> str:
    from harness.report.templating import render

    context = {
        "checked": checked,
        "headline": headline(checked),
        "basis": basis(checked),
        "several": len({line.measure for line in checked.lines}) > 1,
        "ordered": [line for verdict in ORDER for line in checked.lines_with(verdict)],
        "notes": [*(f"{verdict}: {text}" for verdict, text in decisions(checked)), *not_compared(checked)],
    }
    return render(template, **context, **extra)


def junit(checked: Checked) -> bytes:
    """Return the check as JUnit XML, one testcase per comparison and per missing cell."""
    failures = len(checked.lines_with("regression")) + len(checked.missing)
    counts = {"tests": str(len(checked.lines) + len(checked.missing)), "failures": str(failures)}
    root = ElementTree.Element("testsuites", {"name": "harness check", "errors": "0", **counts})
    attributes = {"name": _xml_text(checked.suite), "errors": "0", "skipped": "0", **counts}
    suite = ElementTree.SubElement(root, "testsuite", attributes)
    for line in checked.lines:
        case = _add_testcase(suite, checked.suite, f"{line.name} {line.measure}")
        text = _xml_text(sentence(line, checked.margin))
        verdict = line.decision.verdict
        if verdict == "regression":
            ElementTree.SubElement(case, "failure", type=verdict, message=text).text = text
        else:
            ElementTree.SubElement(case, "system-out").text = f"{verdict}: {text}"
    for cell in checked.missing:
        text = _xml_text(f"{cell.name}: {cell.reason}")
        case = _add_testcase(suite, checked.suite, cell.name)
        ElementTree.SubElement(case, "failure", type="missing", message=text).text = text
    ElementTree.indent(root)
    xml: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def commands(checked: Checked) -> Iterator[str]:
    """Yield GitHub workflow commands: an error for each failure of the check, a warning for each near failure."""
    for line in checked.lines_with("regression"):
        yield annotation("error", "regression", sentence(line, checked.margin))
    for cell in checked.missing:
        yield annotation("error", "missing cell", f"{cell.name}: {cell.reason}")
    for verdict in ("warning", "spread"):
        for line in checked.lines_with(verdict):
            yield annotation("warning", verdict, sentence(line, checked.margin))


def annotation(kind: str, title: str, message: str) -> str:
    """Return one workflow command, escaped the way GitHub's runner unescapes it.

    >>> annotation("error", "a: b", "100 %, or\\nless")
    '::error title=a%3A b::100 %25, or\\nless'
    """
    escaped_title = _escape(printable(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={escaped_title}::{_escape(printable(message))}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _add_testcase(parent: ElementTree.Element, suite: str, name: str) -> ElementTree.Element:
    classname = f"harness.{_xml_text(suite)}"
    return ElementTree.SubElement(parent, "testcase", classname=classname, name=_xml_text(name), time="0")


def _xml_text(text: str) -> str:
    """Return a text with U+FFFD for every character that XML does not allow."""
    return _NOT_XML.sub("\ufffd", text)
