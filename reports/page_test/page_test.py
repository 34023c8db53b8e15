#!/usr/bin/env python3
"""page_test.py - opens the report page of a made-up run in headless Chromium and clicks through it.

    page_test.py --sample reports_sample --chromium PATH --chromedriver PATH [--screenshots FOLDER] [--folder REPORT]

With --screenshots it also leaves pictures: of the made-up run, or of the report in --folder (then nothing is tested).
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from webdriver import Browser  # noqa: E402

WIDE = (1440, 1000)
PHONE = (390, 844)

# WCAG 2.1 contrast of every text on the ground that is really behind it. Large text may have 3, other text needs 4.5.
CONTRAST = """
const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number);
  return c.startsWith('color(') ? [...m.slice(0, 3).map((v) => v * 255), m[3] ?? 1] : [...m.slice(0, 3), m[3] ?? 1]; };
const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
const light = (rgb) => { const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
const ground = (e) => { const c = parse(getComputedStyle(e).backgroundColor);
  return c[3] === 1 || !e.parentElement ? c.slice(0, 3) : over(c, ground(e.parentElement)); };
const faint = (e) => (e ? Number(getComputedStyle(e).opacity) * faint(e.parentElement) : 1);
const bad = [];
for (const e of document.querySelectorAll('body *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility({ visibilityProperty: true })) continue;
  if (e.closest('.visually-hidden, .off, script, style, option')) continue;
  const style = getComputedStyle(e), behind = ground(e), color = parse(style.color);
  const text = over([...color.slice(0, 3), color[3] * faint(e)], behind);
  const [a, b] = [light(text), light(behind)].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05), large = parseFloat(style.fontSize) >= 24;
  if (ratio < (large ? 3 : 4.5)) bad.push(`${e.className || e.tagName} "${e.textContent.slice(0, 20)}" ${ratio.toFixed(2)}`);
}
return [...new Set(bad)].slice(0, 10);
"""


class Checks:
    """The checks, each named by the promise it keeps. `b` is the browser, the others are URLs of reports."""

    def __init__(self, browser, one, many, ten, partial):
        self.b, self.one, self.many, self.ten, self.partial = browser, one, many, ten, partial

    def visit(self, url, size=WIDE, scheme="light"):
        self.b.size(*size)
        self.b.scheme(scheme)
        self.b.open("about:blank")  # a change of the fragment alone would not load the page anew
        self.b.open(url)

    def hash(self):
        return self.b.js("return decodeURIComponent(location.hash)")

    def rows(self):
        return self.b.count("#list .row")

    def equal(self, found, wanted, what):
        if found != wanted:
            raise AssertionError(f"{what}: found {found!r}, wanted {wanted!r}")

    def true(self, condition, what):
        if not condition:
            raise AssertionError(what)

    def check_nothing_hostile_runs_and_the_console_is_silent(self):
        for url in (self.one, self.many, self.one + "#case=close/code/8", self.many + "#view=matrix", self.partial):
            self.visit(url)
            self.b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            self.true(not self.b.js("return window.hacked"), f"a script of the endpoint ran at {url}")
            self.equal(self.b.count("#main img, #hero img, #list script, #detail script"), 0, "elements by the endpoint")
            self.equal(self.b.complaints(), [], f"console at {url}")
        self.visit(self.one + "#case=close/code/8")
        self.true("</script><script>window.hacked=1" in self.b.text("#detail"), "hostile text is shown as text")
        self.true("\u27e8U+202E\u27e9" in self.b.text("#detail"), "characters that turn text around are spelled out")

    def check_head_says_what_was_tested_and_how_it_went(self):
        self.visit(self.one)
        hero = self.b.text("#hero")
        for words in ("Node ws 8.18.0", "ws://127.0.0.1:9001/", "519 cases", "4 failed", "2 hidden by a fault", "21 November 2026", "2 cores", "default"):
            self.true(words in hero, f"the head says {words!r}")
        self.equal(self.b.count("#hero .banner"), 0, "banner of a complete run")
        self.visit(self.partial)
        self.true("300 of 519" in self.b.text(".banner") and "SIGINT" in self.b.text(".banner"), "the banner says why it is partial")

    def check_verdict_chips_filter_and_stay_in_the_url(self):
        self.visit(self.one)
        self.equal(self.rows(), 519, "all cases")
        self.b.click("[data-verdict=failed]")
        self.equal(self.rows(), 4, "failed cases")
        self.b.click("[data-verdict=non-strict]")
        self.equal(self.rows(), 6, "failed and non-strict cases")
        self.true("6 of 519 cases" in self.b.text("#count"), "the count follows")
        self.equal(self.hash(), "#verdict=failed,non-strict", "hash")
        self.b.reload()
        self.equal(self.rows(), 6, "after a reload")
        self.equal(self.b.js("return document.querySelector('[data-verdict=failed]').getAttribute('aria-pressed')"), "true", "chip")
        self.b.back()
        self.equal(self.rows(), 4, "after going back")
        self.b.click("#count .clear")
        self.equal(self.rows(), 519, "after clearing")

    def check_group_section_and_search_filter(self):
        self.visit(self.one)
        self.b.js("const s = document.querySelector('#filter-group'); s.value = 'close'; s.dispatchEvent(new Event('change'))")
        self.equal(self.rows(), 36, "cases of a group")
        self.visit(self.one + "#req=rfc6455-8.1")
        self.equal(self.rows(), 141, "cases of a section: those that cite it, and one with a finding about it")
        self.visit(self.one + "#req=rfc6455-5.5.3-2")
        self.equal(self.rows(), 11, "cases of one requirement")
        self.equal(self.b.js("return document.querySelector('#filter-req').value"), "rfc6455-5.5.3-2", "select")
        self.visit(self.one)
        self.b.key("/")
        self.equal(self.b.js("return document.activeElement.id"), "search", "focus after /")
        self.b.type("#search", "RSV2 echoed")
        self.b.wait("the search filters", "document.querySelectorAll('#list .row').length === 1")
        self.equal(self.hash(), "#q=RSV2+echoed", "hash")
        self.b.key("Enter")
        self.equal(self.b.text("#case-title"), "A reserved bit is set without an extension (2)", "Enter opens the first")
        self.visit(self.one + "#q=nothing-has-this")
        self.true("No case matches" in self.b.text("#list"), "an empty list says so")

    def check_details_open_by_mouse_and_keyboard(self):
        self.visit(self.one)
        self.true("Cause 1" in self.b.text("#detail"), "the overview with its causes comes first")
        self.b.click("[data-case='framing/text-length/2']")
        self.true("framing/text-length/2" in self.b.text("#detail"), "a click opens the case")
        self.b.key("j", "j")
        self.equal(self.hash(), "#case=framing/text-length/4", "j twice")
        self.b.key("k")
        self.equal(self.hash(), "#case=framing/text-length/3", "k")
        self.equal(self.b.count("#list [aria-current]"), 1, "one row is current")
        self.b.key("n")
        self.equal(self.hash(), "#case=reserved/rsv/2", "n goes to what needs attention")
        top = self.b.js("const r = document.querySelector('#list [aria-current]').getBoundingClientRect(); return r.top > 0 && r.bottom < innerHeight")
        self.true(top, "the row of the open case is in view")
        self.b.key("Escape")
        self.equal(self.hash(), "", "Escape closes")
        self.b.js("document.querySelector('[data-case=\"pings/payload/1\"]').focus()")
        self.b.key("Enter")
        self.equal(self.b.js("return document.activeElement.id"), "detail", "Enter moves the focus to the case")
        self.b.key("?")
        self.true(self.b.js("return document.querySelector('#help').open"), "? shows the help")
        self.b.key("Escape")
        self.true(not self.b.js("return document.querySelector('#help').open"), "Escape closes the help")

    def check_causes_come_first(self):
        self.visit(self.one)
        self.true("7 causes explain 7 cases (4 FAILED, 1 ERRORED, 2 NON-STRICT) and hide 2 more." in self.b.text("#hero"), "the head counts them")
        self.equal(self.b.count("#detail .cause"), 7, "causes")
        words = self.b.text("#cause-1")
        for part in ("FAILED", "Cause 1", "explains 1 case, hides 2", "Message type is preserved", "RFC 6455 5.6", "MUST", "the message of 64 MiB comes back",
                     "Close 1009", "Large messages (54)", "touchstone test ws://127.0.0.1:9001/ --case limits/message-size/54 --seed 1", "2 cases hidden"):
            self.true(part in words, f"the cause says {part!r}: {words}")
        self.equal(self.b.js("return [...document.querySelectorAll('#detail .cause')].map((e) => e.querySelector('.cause-verdict').lastChild.data)"),
                   ["FAILED"] * 4 + ["ERRORED"] + ["NON-STRICT"] * 2, "the gravest first")
        self.b.js("window.copied = null; navigator.clipboard.writeText = async (t) => { window.copied = t; }")
        self.b.click("#copy-cause-1")
        self.b.wait("the command is copied", "(window.copied || '').includes('limits/message-size/54')")
        self.visit(self.one + "#cause=1")
        self.equal(self.rows(), 3, "the cases of a cause are a filter")
        self.true("of cause 1" in self.b.text("#count"), "which the count names: " + self.b.text("#count"))
        self.true("hidden by cause 1" in self.b.text("#list"), "what is hidden says so in the list")
        self.b.click("#count .clear")
        self.equal(self.rows(), 519, "after clearing")
        self.visit(self.one + "#case=limits/message-size/52")
        self.true("Not judged: hidden by cause 1." in self.b.text("#detail"), "and in the case")

    def check_no_line_says_that_a_broken_must_is_non_strict(self):
        self.visit(self.one)
        weak = self.b.js("return [...document.querySelectorAll('#detail .cause.v-non-strict')].map((e) => e.innerText)")
        self.true(len(weak) == 2 and not any("MUST" in words for words in weak), f"causes: {weak}")
        self.true(any("C-30: the RFC says that the connection fails, and not how early" in words for words in weak), f"the reason stands for the level: {weak}")
        self.visit(self.one + "#case=utf8/sequence/33")
        self.true("C-30: " in self.b.text(".finding.weak") and "MUST" not in self.b.text(".finding.weak"), "the case: " + self.b.text(".finding.weak"))

    def check_a_failed_case_explains_itself(self):
        self.visit(self.one + "#case=reserved/rsv/2")
        words = self.b.text("#detail")
        for part in ("FAILED", "Autobahn 3.2", "RFC 6455 5.2", "MUST", "RSV2/RSV3 fail the connection", "a Close frame with 1002",
                     "then a Pong for the sentinel", "touchstone test ws://127.0.0.1:9001/ --case reserved/rsv/2"):
            self.true(part in words, f"the case says {part!r}")
        self.equal(self.b.count(".sequence .entry.sent"), 3, "frames sent")
        self.b.click(".sequence .entry.sent summary")
        self.b.wait("the octets show", "document.querySelectorAll('.sequence .hex').length === 1")
        self.true(self.b.text(".hex").startswith("0000  a1 8d b7 0d 22 ca 48 65"), "header and payload octets: " + self.b.text(".hex"))
        self.visit(self.one + "#case=pings/payload/10")
        self.true("The endpoint chose: one Pong" in self.b.text("#detail"), "a choice is named")
        self.visit(self.one + "#case=utf8/sequence/17")
        self.true("The run that disagreed" in self.b.text("#detail"), "a flaky case shows both runs")
        self.equal(self.b.count(".sequence"), 2, "both transcripts")
        self.visit(self.one + "#case=limits/many-messages/1")
        gap = self.b.text(".gap")
        self.true(re.search(r"^\d{3} entries left out", gap), "a long transcript says that it is cut: " + gap)
        file = self.b.js("return document.querySelector('.gap a').getAttribute('href')")
        self.equal(file, "node_ws_8_18_0_case_9_7_1.json", "file with all of it")

    def check_the_replay_command_can_be_copied(self):
        self.visit(self.one + "#case=close/code/7")
        self.b.js("window.copied = null; navigator.clipboard.writeText = async (t) => { window.copied = t; }")
        self.b.click("#copy-replay")
        self.b.wait("the button says so", "document.querySelector('#copy-replay').textContent === 'Copied'")
        self.equal(self.b.js("return window.copied"), "touchstone test ws://127.0.0.1:9001/ --case close/code/7 --seed 1", "clipboard")
        self.b.js("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
        self.b.js("window.copied = null; document.execCommand = (c) => { window.copied = document.activeElement.value; return true; }")
        self.b.key("c")
        self.b.wait("the old way works as well", "window.copied !== null")

    def check_endpoints_are_compared(self):
        self.visit(self.many)
        self.equal(self.b.count(".ranking tbody tr"), 5, "ranking")
        self.b.click("#tabs a:nth-child(2)")
        self.true(self.hash().startswith("#view=matrix"), "matrix in the hash")
        differing = self.b.count(".matrix tbody .cell") // 5
        self.b.click("#differing")
        self.equal(self.b.count(".matrix tbody .cell"), 2595, "all cells")
        self.true(0 < differing < 519, "fewer rows where they differ")
        self.b.click(".matrix .cell.v-failed a")
        self.true("case=" in self.hash(), "a cell opens its case")
        self.true(self.b.count(".others .other") == 5, "the other endpoints are one click away")
        self.b.key("]")
        self.true("endpoint=" in self.hash(), "] goes to the next endpoint")

    def rule(self, id):
        return self.b.js("return document.querySelector(`[data-rule='${arguments[0]}']`).innerText", id)

    def check_requirements_are_listed(self):
        self.visit(self.one + "#view=requirements")
        self.true("RSV2/RSV3 fail the connection" in self.rule("rfc6455-5.2-6"), "rule in words")
        self.true("FAILED" in self.rule("rfc6455-5.2-6"), "the broken rule is marked: " + self.rule("rfc6455-5.2-6"))
        kept = self.rule("rfc6455-5.2-3")
        self.true("FAILED" not in kept, "rules that the failed case only cites are not accused: " + kept)
        self.b.click(".requirements tbody td.figure a")
        self.true("req=rfc6455-" in self.hash(), "cases of a rule are one click away")

    def check_requirements_that_this_run_did_not_touch(self):
        self.visit(self.one + "#view=requirements")
        untouched, unseen, half = self.rule("rfc9110-7.8-1"), self.rule("rfc6455-7.2.3-1"), self.rule("rfc6455-5.5.1-17")
        self.true("not run" in untouched and "0 of 3" in untouched, "the catalogue has cases, this run none: " + untouched)
        self.true("no case" in unseen and "No case: whether it comes back is not asked." in unseen, "why there is no case: " + unseen)
        self.true("Not in every role: a client cannot tell FIN from RST." in half, "why one role has none: " + half)

    def check_the_share_of_the_rules_stands_beside_autobahns(self):
        self.visit(self.one + "#view=requirements")
        rules, tested, passing = self.b.js("return [REQUIREMENTS.length, howMany(REQUIREMENTS, hasAutobahn), howMany(REQUIREMENTS, seesAutobahn)]")
        ours, theirs = self.b.js("return [...document.querySelectorAll('.share')].map((e) => e.innerText.replace(/\\s+/g, ' '))")
        self.true(f"{rules - 2} of {rules}" in ours and "2 more cannot be seen" in ours, "what has a case: " + ours)
        self.true(f"{tested} of {rules}" in theirs and f"{passing} more" in theirs, "Autobahn's: " + theirs)

    def check_requirements_are_filtered(self):
        shown = "return [...document.querySelectorAll('[data-rule]')].map((row) => row.dataset.rule)"
        self.visit(self.one + "#view=requirements")
        everything = len(self.b.js(shown))
        self.b.click("#rule-chips [data-verdict=failed]")
        self.true("rfc6455-5.2-6" in self.b.js(shown) and len(self.b.js(shown)) < everything, "what was broken")
        self.equal(self.hash(), "#view=requirements&verdict=failed", "the address says so")
        self.b.click(".view:not([hidden]) .clear")
        self.equal(len(self.b.js(shown)), everything, "everything again")
        self.b.click("#beyond")
        self.true(not any(rule.startswith("rfc6455-5.2-") for rule in self.b.js(shown)), "what Autobahn tests is gone")
        self.visit(self.one + "#view=requirements&req=rfc6455-5.5")
        self.true(all(rule.startswith("rfc6455-5.5") for rule in self.b.js(shown)) and len(self.b.js(shown)) > 5, "a section with all below it")
        self.visit(self.one + "#view=requirements")
        self.b.key("/")
        self.b.type("#rule-search", "upgrade protocols")
        self.equal(self.b.js(shown), ["rfc9110-7.8-1"], "words")
        self.equal(self.b.js("return document.activeElement.id"), "rule-search", "the search keeps the focus")

    def check_themes(self):
        ground = "return getComputedStyle(document.body).backgroundColor"
        self.visit(self.one, scheme="light")
        light = self.b.js(ground)
        self.b.scheme("dark")
        dark = self.b.js(ground)
        self.true(light != dark, "the page follows the system")
        self.b.click("#theme")
        self.equal(self.b.js(ground), light, "the reader may choose light")
        self.b.click("#theme")
        self.b.scheme("light")
        self.equal(self.b.js(ground), dark, "the reader may choose dark")
        self.b.reload()
        self.equal(self.b.js(ground), dark, "the choice is remembered")
        self.b.click("#theme")
        self.equal(self.b.js(ground), light, "and can be taken back")

    def check_contrast(self):
        places = (self.one, self.one + "#case=reserved/rsv/2", self.one + "#case=utf8/sequence/17&verdict=non-strict",
                  self.one + "#case=pings/payload/10", self.many, self.many + "#view=matrix", self.one + "#view=requirements", self.partial)
        for url in places:
            self.visit(url)
            self.b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            for scheme in ("light", "dark"):
                self.b.scheme(scheme)
                self.equal(self.b.js(CONTRAST), [], f"too little contrast ({scheme}) at {url}")

    def check_narrow_windows_do_not_scroll_sideways(self):
        places = ("", "#case=close/code/8", "#case=limits/many-messages/1", "#view=requirements", "#verdict=failed")
        for url in [self.one + p for p in places] + [self.many, self.many + "#view=matrix", self.many + "#view=requirements", self.partial]:
            self.visit(url, size=(700, 800))
            self.b.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            for width in (700, 320):
                self.b.size(width, 800)
                wide = self.b.js("return document.documentElement.scrollWidth")
                self.true(wide <= width, f"{url} is {wide} wide in a window of {width}")
        self.visit(self.one, size=PHONE)
        self.b.click("[data-case='close/code/7']")
        self.true(not self.b.js("return document.querySelector('#list').checkVisibility()"), "on a phone a case has the screen for itself")
        self.equal(self.b.js("return scrollY"), 0, "and starts at its top")
        self.b.click("#back")
        self.true(self.b.js("return document.activeElement.dataset.case") == "close/code/7", "back at the row it came from")

    def check_landmarks_names_and_tables(self):
        for url in (self.one, self.many + "#view=matrix", self.many + "#view=requirements", self.one + "#case=close/code/8"):
            self.visit(url)
            for landmark in ("header", "nav[aria-label]", "main", "footer", "[role=search]"):
                self.equal(self.b.count(f"body {landmark}") > 0, True, f"landmark {landmark}")
            nameless = self.b.js("""return [...document.querySelectorAll('button, a[href], input, select')].filter((e) => e.checkVisibility()
                && !e.textContent.trim() && !e.getAttribute('aria-label') && !(e.labels && e.labels.length)).map((e) => e.outerHTML.slice(0, 90)).slice(0, 5)""")
            self.equal(nameless, [], "controls without a name")
            self.equal(self.b.count("th:not([scope])"), 0, "table heads without a scope")
            self.equal(self.b.count("table:not(:has(thead))"), 0, "tables without heads")
            self.equal(self.b.js("const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.length - new Set(ids).size"), 0, "equal ids")
            self.equal(self.b.count("h1"), 1, "first headings")
        self.visit(self.one)
        self.equal(self.b.js("return document.querySelector('#count').getAttribute('aria-live')"), "polite", "the count is told")
        self.b.key("Tab")
        self.equal(self.b.js("return document.activeElement.className"), "skip", "the first stop skips the head")

    def check_size_and_speed(self):
        size = pathlib.Path(self.one.removeprefix("file://")).stat().st_size
        self.true(size < 3_000_000, f"the page of one endpoint has {size} octets")
        for url in (self.one, self.ten):
            self.visit(url)
            ms = self.b.js("return performance.getEntriesByType('navigation')[0].domInteractive")
            self.true(ms < 5000, f"{url} took {ms:.0f} ms to be ready")
        ms = self.b.js("const t = performance.now(); show({ ...state, verdicts: ['ok'], case: '' }); document.body.offsetHeight; return performance.now() - t")
        self.true(ms < 1000, f"a filter over ten endpoints took {ms:.0f} ms")


    def run(self):
        failures = 0
        for name in [n for n in dir(self) if n.startswith("check_")]:
            try:
                getattr(self, name)()
                print(f"ok      {name[6:].replace('_', ' ')}", flush=True)
            except (AssertionError, RuntimeError, TypeError) as error:
                failures += 1
                print(f"FAILED  {name[6:].replace('_', ' ')}\n        {error}", flush=True)
        return failures


def take_screenshots(browser, folder, url, many=None):
    folder.mkdir(parents=True, exist_ok=True)
    opened = url + "#case=" + (browser_first_case(browser, url) or "")
    shots = [("overview-light", url, WIDE, "light", 1), ("overview-dark", url, WIDE, "dark", 1), ("case-light", opened, (1440, 1300), "light", 1),
             ("case-dark", opened, (1440, 1300), "dark", 1), ("phone", url, PHONE, "light", 2), ("phone-case", opened, PHONE, "light", 2),
             ("requirements", url + "#view=requirements", WIDE, "light", 1)]
    if many:
        shots += [("comparison", many, WIDE, "light", 1), ("matrix", many + "#view=matrix", WIDE, "light", 1)]
    for name, at, (width, height), scheme, scale in shots:
        browser.size(width, height, scale)
        browser.scheme(scheme)
        browser.open("about:blank")
        browser.open(at)
        browser.screenshot(folder / f"{name}.png")
        print(folder / f"{name}.png")


def browser_first_case(browser, url):
    """The case worth a picture: the first that needs attention, otherwise the first with more than a few frames."""
    browser.open(url)
    return browser.js("return unpacked(0).then(() => { const r = RESULTS[0].find(needsAttention) || RESULTS[0].find((x) => details(x).transcript.entries.length > 6) || RESULTS[0][0]; return r && r.of.id; })")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=pathlib.Path, help="the program reports_sample")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    parser.add_argument("--chromedriver", default="/usr/bin/chromedriver")
    parser.add_argument("--screenshots", type=pathlib.Path, help="leave pictures in this folder")
    parser.add_argument("--folder", type=pathlib.Path, help="take pictures of the report in this folder, test nothing")
    options = parser.parse_args()
    if not options.sample and not options.folder:
        parser.error("--sample or --folder is needed")

    browser = Browser(options.chromedriver, options.chromium)
    try:
        if options.folder:
            index = options.folder.resolve() / "index.html"
            many = browser_many(browser, index.as_uri())
            take_screenshots(browser, options.screenshots or pathlib.Path("."), index.as_uri(), many)
            return 0
        with tempfile.TemporaryDirectory(prefix="touchstone-page-") as temporary:
            urls = []
            for arguments in (["1"], ["5"], ["10"], ["1", "partial"]):
                folder = pathlib.Path(temporary) / "-".join(arguments)
                subprocess.run([options.sample, folder, *arguments], check=True)
                urls.append((folder / "index.html").as_uri())
            failures = Checks(browser, *urls).run()
            if options.screenshots:
                take_screenshots(browser, options.screenshots, urls[0], urls[2])
            return 1 if failures else 0
    finally:
        browser.quit()


def browser_many(browser, url):
    browser.open(url)
    return url if browser.js("return AGENTS.length > 1") else None


if __name__ == "__main__":
    sys.exit(main())
