"""live_page_test.py - a headless Chromium is driven through the cases by the fuzzing server's own page.

    live_page_test.py --touchstone PATH --chromium PATH --chromedriver PATH [--profile core] [--screenshot FILE]
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "reports" / "page_test"))
from page_test import CONTRAST  # noqa: E402
from webdriver import Browser  # noqa: E402

PATIENCE = 300  # seconds for all cases; a machine that is busy with other things is no failure


def equal(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, wanted {wanted!r}")


def wait_until_driven(browser):
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        said = browser.text("#driving") or ""
        if said.startswith("done") or said.startswith("not done"):
            return said
        time.sleep(0.1)  # there is no event for this over WebDriver
    raise AssertionError(f"not driven within {PATIENCE} s; the page says: {browser.text('#driving')}")


def check(browser, base, out, screenshot):
    browser.size(1280, 1000)
    browser.scheme("light")
    browser.open(f"{base}/?autorun=1&agent=Chromium")
    said = wait_until_driven(browser)
    equal(said.split(":")[0], "done", "the page's last word")
    browser.wait("the report is linked", "document.querySelector('.client a') !== null")
    for scheme in ("light", "dark"):
        browser.scheme(scheme)
        equal(browser.js(CONTRAST), [], f"text with too little contrast, {scheme}")
    browser.scheme("light")
    results = json.loads((out / "index.json").read_text())["Chromium"]
    failed = sorted(case for case, result in results.items() if result["behavior"] == "FAILED" and case[0].isdigit())
    equal(failed, [], "Autobahn's cases that Chromium fails")
    shown = browser.js("return [...document.querySelectorAll('.client .legend strong')].reduce((n, e) => n + Number(e.textContent), 0)")
    report = json.loads((out / "report.json").read_text())
    equal(shown, len(report["results"]), "results that the page counts")
    equal(browser.count(".cell.waiting"), 0, "cases that were not run")
    equal(browser.js("return document.documentElement.scrollWidth <= window.innerWidth"), True, "no sideways scrolling")
    if screenshot:
        browser.screenshot(screenshot)
    # What a client calls itself is text and nothing else.
    browser.open(f"{base}/?autorun=1&agent=%3Cimg%20src%3Dx%20onerror%3Dhacked%3D1%3E")
    browser.wait("the client is listed", "document.querySelectorAll('.client').length === 2")
    equal(browser.count("#clients img"), 0, "elements named by a client")
    # Chromium logs each connection that a case makes fail; nothing else may be there.
    noise = re.compile(r"WebSocket connection to 'ws://[^']*/runCase")
    equal([line for line in browser.complaints() if not noise.search(line)], [], "console")


def main():
    parser = argparse.ArgumentParser()
    for name in ("touchstone", "chromium", "chromedriver"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--profile", default="core")
    parser.add_argument("--screenshot")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        out = pathlib.Path(folder) / "report"
        server = subprocess.Popen([arguments.touchstone, "serve", "--port", "0", "--out", out, "--profile", arguments.profile],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = re.search(r":(\d+)/", server.stdout.readline()).group(1)
            browser = Browser(arguments.chromedriver, arguments.chromium)
            try:
                check(browser, f"http://127.0.0.1:{port}", out, arguments.screenshot)
            finally:
                browser.quit()
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()


main()
