"""Frames per second of the page's camera, in a headless Chromium on this computer.

    python bench/page_camera.py

The camera shows the astronaut of scikit-image, 1280 x 720 pixels at 30 frames per second. Prints how many
answers a second came, and how busy the computer was. Needs chromium and chromedriver on the PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import skimage
from selenium import webdriver
from selenium.webdriver.common.by import By

SIZE = (1280, 720)
WARM, SECONDS = 5, 20
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu "
    "--use-fake-device-for-media-stream --use-fake-ui-for-media-stream"
)
COUNT = """const [seconds, done] = arguments;
let count = 0;
new MutationObserver(() => count++).observe(document.getElementById("marks"), { childList: true });
setTimeout(() => done(count / seconds), 1000 * seconds);"""


def main() -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "keypoints.app", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().split()[0]
        with tempfile.TemporaryDirectory() as folder:
            film = Path(folder, "camera.y4m")
            write_film(film)
            rate, said = watch(url, film)
    finally:
        server.terminate()
        server.wait()
    load = os.getloadavg()[0]
    print(f"{rate:.1f} frames per second ({said}); {os.cpu_count()} cores, load {load:.1f}")


def write_film(path: Path) -> None:
    """A second of the astronaut, who sways, for Chromium to take as its camera's."""
    picture = skimage.data.astronaut()
    with open(path, "wb") as file:
        file.write(b"YUV4MPEG2 W%d H%d F30:1 Ip A0:0 C420jpeg\n" % SIZE)
        for angle in np.linspace(0, 2 * np.pi, 30, endpoint=False):
            left = round(40 + 20 * np.sin(angle))
            frame = cv2.resize(picture[10:260, left : left + 444], SIZE)
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())


def watch(url: str, film: Path) -> tuple[float, str]:
    """Answers a second of the page's camera, and what the page says of the last."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for flag in (*FLAGS.split(), f"--use-file-for-fake-video-capture={film}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver") or ""))
    try:
        browser.set_script_timeout(10 * SECONDS)
        browser.get(url)
        browser.find_element(By.ID, "camera").click()
        time.sleep(WARM)
        rate = browser.execute_async_script(COUNT, SECONDS)
        return rate, browser.find_element(By.ID, "status").text
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
