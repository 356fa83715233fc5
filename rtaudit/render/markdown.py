"""Markdown as GitHub renders it: sentences as prose, names and values in code spans. In full, and in short for a chat."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rtaudit.errors import counted
from rtaudit.render import Options
from rtaudit.render.text import (
    GOOD_VERDICTS,
    conclusion,
    count_line,
    in_code,
    name,
    observed,
    only_azure,
    outcome_label,
    reasons,
    rule_list,
    value,
    verdict,
    waiver,
    what_was_checked,
)
from rtaudit.report import Finding, Report
from rtaudit.report.causes import Cause, causes

MOST = 300
"""Rows per table: a job summary holds 1 MiB."""

SHORT_LIMIT = 4000
"""Most characters of the short form: what a pull request's comment or a chat shows at once."""

_PROSE = re.compile(r"[(\"']*(?:[^\W\d_]+(?:['-][^\W\d_]+)*|\d[\d,:-]*|[=%])?[)\"',;:.?!%]*\Z")
_LINK = re.compile(r"https://[\w.~:/?#@!$&'*+,;=%-]+\Z", re.ASCII)


def render(report: Report, _options: Options) -> Iterator[str]:
    """Verdict, counts, causes with their evidence and fix, what is unknown, waived or known."""
    yield from _head(report)
    by_state: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_state.setdefault(outcome_label(finding), []).append(finding)
    failed = causes(by_state.get("fail", []), report.gate)
    blocking = [one for one in failed if one.blocks]
    good = report.verdict in GOOD_VERDICTS or report.verdict == "drift"
    yield from _section(report, "Failed" if good else "Blocks the launch", blocking)
    yield from _section(report, "Other failures", [one for one in failed if not one.blocks])
    yield from _fixes(report, failed)
    unknown = causes(by_state.get("unknown", []), report.gate)
    yield from _section(report, "Unknown: could not be read", unknown, _why)
    yield from _section(report, "Waived", causes(by_state.get("waived", []), report.gate), _waiver)
    yield from _section(report, "Known from the baseline", causes(by_state.get("known", []), report.gate))


def render_short(report: Report, _options: Options) -> str:
    """The report in at most SHORT_LIMIT characters: the verdict, what blocks, what is new since the baseline, links."""
    head = "".join(_head(report))
    found = causes((one for one in report.findings if outcome_label(one) in ("fail", "unknown")), report.gate)
    blocking, rest = [one for one in found if one.blocks], [one for one in found if not one.blocks]
    new = rest if report.gate.baseline is not None else []
    tail = f"\n{counted(len(rest), 'more cause')} below the threshold or allowed.\n" if rest and not new else ""
    text = head
    for title, listed in (("Blocks the launch", blocking), ("New since the baseline", new)):
        text = _fitted(report, text, title, listed, SHORT_LIMIT - len(tail))
    return (text + tail)[:SHORT_LIMIT]


def _fitted(report: Report, text: str, title: str, listed: Sequence[Cause], limit: int) -> str:
    """`text` and as many lines of a list as fit; the last says how many are left out."""
    if not listed:
        return text
    text += f"\n## {title}\n\n"
    for number, cause in enumerate(listed):
        left = f"- … and {counted(len(listed) - number, 'more cause')}, in the full report\n"
        label = cause.lead.severity if cause.lead.outcome == "fail" else "unknown"
        line = f"- {label}: {prose(_sentence(report, cause.lead))} {_links(report, cause)}\n"
        if len(text) + len(line) + len(left) > limit:
            return text + left
        text += line
    return text


def _links(report: Report, cause: Cause) -> str:
    """The rules of a cause, the first as a link to what Microsoft says about it."""
    first, *others = cause.rules
    text = report.rules.get(first)
    link = next((one for one in text.see if _LINK.match(one)), None) if text else None
    lead = code(value(first, 40))
    more = f" (+ {counted(len(others), 'rule')})" if others else ""
    return (f"[{lead}]({link})" if link else lead) + more


def _head(report: Report) -> Iterator[str]:
    yield f"# rtaudit: {verdict(report)}\n\n"
    yield f"{prose(what_was_checked(report))}\n\n"
    yield f"{prose(conclusion(report))}.\n\n"
    yield f"{count_line(report)}.\n"
    if only_azure(report):
        yield f"\n{prose(only_azure(report))}.\n"
    for warning in report.warnings[:20]:
        yield f"\n> warning: {prose(value(warning, 300))}\n"


def code(text: str) -> str:
    """`text` (plain, one line) as a code span that also survives in a table: nothing in it is markup, link or mention."""
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest or text.startswith(" ") or text.endswith(" ") else ""
    # In a table GitHub takes `\|` for a pipe, also in a code span.
    return f"{fence}{padding}{text}{padding}{fence}".replace("|", "\\|")


def prose(text: str) -> str:
    """`text` (plain, one line) as prose: ordinary words and numbers as they are, everything else in code spans.

    What could be markup, a link or a mention is no ordinary word, so nothing in it is.
    """
    return " ".join(word if _PROSE.match(word) else _quoted(word) for word in text.split(" ") if word)


def _quoted(word: str) -> str:
    core = word.rstrip(",;:.?!)")
    head = core[:1] if core.startswith("(") and len(core) > 1 else ""
    core = core[len(head) :]
    return head + code(core) + word[len(head) + len(core) :] if core else code(word)


def _section(
    report: Report, title: str, listed: Sequence[Cause], more: Callable[[Finding], str] | None = None
) -> Iterator[str]:
    if not listed:
        return
    number = sum(len(one.findings) for one in listed)
    yield f"\n## {title} ({counted(number, 'finding')}, {counted(len(listed), 'cause')})\n\n"
    yield "| severity | finding | rule |\n| --- | --- | --- |\n"
    for cause in listed[:MOST]:
        lead = cause.lead
        said = [prose(_sentence(report, lead))]
        said += [prose(in_code(lead))]
        said += [prose(waiver(lead))] if lead.waiver and more is not _waiver else []
        said += [more(lead)] if more else []
        yield f"| {lead.severity} | {'<br>'.join(filter(None, said))} | {prose(rule_list(cause.rules))} |\n"
    if len(listed) > MOST:
        yield f"\nand {len(listed) - MOST} more, in the JSON report\n"


def _sentence(report: Report, finding: Finding) -> str:
    text = report.rules.get(finding.rule)
    return value(finding.message, 400) if finding.message else f"{name(finding.resource)}: {text.title if text else ''}"


def _fixes(report: Report, failed: Sequence[Cause]) -> Iterator[str]:
    """Once per cause: each rule with why it matters, the evidence, and the fix."""
    if not failed:
        return
    yield "\n<details><summary>Evidence and fixes</summary>\n"
    explained: set[str] = set()
    for cause in failed[:MOST]:
        yield f"\n### {prose(_sentence(report, cause.lead))}\n\n"
        for finding in cause.findings:
            text = report.rules.get(finding.rule)
            if text and finding.rule not in explained:
                explained.add(finding.rule)
                yield f"{code(value(finding.rule, 60))} {prose(value(text.title, 300))}: {prose(value(text.why, 1000))}\n\n"
        for line in cause.lead.observations[:3]:
            yield f"* {code(observed(line, cause.lead))}\n"
        if len(cause.lead.observations) > 3:
            yield f"* and {len(cause.lead.observations) - 3} more like it\n"
        for step in dict.fromkeys(step for finding in cause.findings for step in finding.fix):
            shown = value(step, 2000)
            yield f"* {code(shown) if shown.startswith('az ') else prose(shown)}\n"
    yield "\n</details>\n"


def _why(finding: Finding) -> str:
    return "<br>".join(code(reason) for reason in reasons(finding)[:5])


def _waiver(finding: Finding) -> str:
    return prose(waiver(finding))
