"""How smoothly the clip desk moves in a real browser: frames a second while a long clip is panned, error of the playhead in ms.

    python benchmarks/clip_desk.py [--seconds 600] [--width 1280]

Serves the page of made-up lanes that the desk's own tests use, with every kind of lane and a wall of 12 x 12 heads. Panning is
one step of the wheel in every frame, at three depths of zoom; beside the frames stands how long the processes of the browser
computed for one, which other work lengthens less. The error of the playhead is the distance between the line that is
drawn on the waveform, found by its colour, and the media element, at 40 moments while it plays. Needs playwright and a Chromium.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from statistics import median, quantiles
from typing import Any

FRAMES = 240
ROOT = Path(__file__).resolve().parents[1]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--autoplay-policy=no-user-gesture-required"]
FIND = """window.find = what => [document, ...Array.from(document.querySelectorAll('*')).map(e => e.shadowRoot).filter(Boolean)]
  .map(root => root.querySelector(what)).find(Boolean);"""
# milliseconds between frames, in each of which the wheel moves the view
PAN = """async frames => {
  const box = find('.lane[data-lane=mel] .box');
  const at = box.getBoundingClientRect();
  const wheel = (deltaX, deltaY, ctrlKey) =>
    box.dispatchEvent(new WheelEvent('wheel', { deltaX, deltaY, ctrlKey, clientX: at.x + 9, bubbles: true, cancelable: true }));
  window.wheel = wheel;
  const taken = [];
  let before = await new Promise(requestAnimationFrame);
  for (let i = 0; i < frames; i += 1) {
    wheel(i % 60 < 30 ? 25 : -25, 0, false);
    const now = await new Promise(requestAnimationFrame);
    taken.push(now - before);
    before = now;
  }
  return taken;
}"""
# seconds between the line on the waveform and what is heard, where the view is so short that a pixel is a few milliseconds
FOLLOW = """async moments => {
  const audio = find('.desk audio');
  const [canvas, clock] = [find('.lane[data-lane=wave] .above'), find('.desk .clock')];
  const errors = [];
  for (let i = 0; i < moments; i += 1) {
    await new Promise(then => setTimeout(then, 37 + i));
    const pixels = canvas.getContext('2d', { willReadFrequently: true }).getImageData(0, 2, canvas.width, 1).data;
    let [x, best] = [-1, 0];
    for (let at = 0; at < canvas.width; at += 1) if (pixels[4 * at + 3] > best) [x, best] = [at, pixels[4 * at + 3]];
    const [from, to] = clock.getAttribute('aria-label').match(/from (\\S+) to (\\S+) s/).slice(1).map(text =>
      text.split(':').reduce((sum, part) => 60 * sum + Number(part), 0));
    errors.push(Math.abs(from + (x + 0.75) / canvas.width * (to - from) - audio.currentTime));
  }
  return errors;
}"""


def main() -> None:
    """Measure and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--width", type=int, default=1280)
    options = parser.parse_args()
    chromium = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = start(port)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            page = browser.new_page(viewport={"width": options.width, "height": 1000})
            page.add_init_script(FIND)
            page.goto(f"http://127.0.0.1:{port}/?duration={options.seconds:g}&layers=12&heads=12")
            measure(page, browser)
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=20)


def start(port: int) -> "subprocess.Popen[bytes]":
    """A server on that port, once it accepts connections."""
    script = ["tests/app/desk_page.py", f"--server.port={port}", "--server.headless=true"]
    command = [sys.executable, "-m", "streamlit", "run", *script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.2)
    return server


def measure(page: Any, browser: Any) -> None:
    """Panning at three depths of zoom, then the playhead at the deepest."""
    system = browser.new_browser_cdp_session()

    def computed_s() -> float:
        return sum(process["cpuTime"] for process in system.send("SystemInfo.getProcessInfo")["processInfo"])

    page.locator(".desk[data-ready]").wait_for(timeout=180_000)
    page.wait_for_timeout(1500)
    page.locator(".desk").focus()
    for presses, depth in ((1, "half of the clip in view"), (3, "a sixteenth of it"), (3, "a 128th of it")):
        for _ in range(presses):
            page.keyboard.press("ArrowUp")
        page.wait_for_timeout(800)
        before_s = computed_s()
        taken = page.evaluate(PAN, FRAMES)
        each_ms = 1000 * (computed_s() - before_s) / FRAMES
        slow = quantiles(taken, n=20)[-1]
        frames = f"{1000 / median(taken):5.0f} frames a second, 95 % of them within {slow:.0f} ms"
        say(f"panning, {depth}", f"{frames}; {each_ms:.0f} ms of processors each")
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    page.wait_for_timeout(500)
    errors = page.evaluate(FOLLOW, 40)
    say("the playhead while it plays", f"{1000 * median(errors):5.0f} ms off as a rule, {1000 * max(errors):.0f} ms at most")


def say(what: str, text: str) -> None:
    """A line of the answer, beside the load of the machine."""
    print(f"{what:44} {text}   (load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)", flush=True)


if __name__ == "__main__":
    main()
