"""A check as files and as GitHub reads it: Markdown, JUnit's XML, annotations.

JUnit's has no schema of its own; what is written is what its readers share: testsuite, testcase (classname, name), and
within it failure or system-out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from harness.evidence.gate.decision import Checked
from harness.report.summaries.check_words import basis, headline, sentence

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what XML 1.0 cannot hold


def markdown(checked: Checked) -> str:
    """Return the check as a Markdown summary."""
    from harness.report.templating import render

    several = len({line.measure for line in checked.lines}) > 1
    context = {"checked": checked, "headline": headline(checked), "basis": basis(checked), "several": several}
    return render("check.md.j2", sentence=sentence, **context)


def junit(checked: Checked) -> bytes:
    """Return the check as XML, a testcase for each comparison and each missing cell."""
    failures = len(checked.of("regression")) + len(checked.missing)
    counts = {"tests": str(len(checked.lines) + len(checked.missing)), "failures": str(failures)}
    suites = ElementTree.Element("testsuites", {"name": "harness check", "errors": "0", **counts})
    named = {"name": _clean(checked.suite), "errors": "0", "skipped": "0", **counts}
    suite = ElementTree.SubElement(suites, "testsuite", named)
    for line in checked.lines:
        case = _case(suite, checked.suite, f"{line.name} {line.measure}")
        text = _clean(sentence(line, checked.margin))
        verdict = line.decision.verdict
        if verdict == "regression":
            ElementTree.SubElement(case, "failure", type=verdict, message=text).text = text
        else:
            ElementTree.SubElement(case, "system-out").text = f"{verdict}: {text}"
    for cell in checked.missing:
        text = _clean(f"{cell.name}: {cell.reason}")
        failure = ElementTree.SubElement(
            _case(suite, checked.suite, cell.name), "failure", type="missing", message=text
        )
        failure.text = text
    ElementTree.indent(suites)
    written: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def commands(checked: Checked) -> Iterator[str]:
    """Yield GitHub's workflow commands: an error for what fails the check, a warning for what nearly does."""
    for line in checked.of("regression"):
        yield annotation("error", "regression", sentence(line, checked.margin))
    for cell in checked.missing:
        yield annotation("error", "missing cell", f"{cell.name}: {cell.reason}")
    for verdict in ("warning", "spread"):
        for line in checked.of(verdict):
            yield annotation("warning", verdict, sentence(line, checked.margin))


def annotation(kind: str, title: str, message: str) -> str:
    """Return one workflow command, escaped as GitHub's runner unescapes it.

    >>> annotation("error", "a: b", "100 %, or\\nless")
    '::error title=a%3A b::100 %25, or%0Aless'
    """
    escaped = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={escaped}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _case(suite: ElementTree.Element, name: str, what: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=f"harness.{_clean(name)}", name=_clean(what), time="0")


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
