// The player's bar. Where this script does not run, the browser's own controls do what it does.
// Keys, while the focus is in the player: space or K, arrows, J and L, M, C, F, 0 to 9, < and >, N and P for chapters.
"use strict";

for (const player of document.querySelectorAll(".player")) {
  const video = player.querySelector("video");
  const part = (name) => player.querySelector(`[data-do="${name}"]`);
  const choices = (name) => [...player.querySelectorAll(`[name=${name}]`)];
  const timed = (name) =>
    [...document.querySelectorAll(`[data-${name}]`)].map((said) => ({ said, at: +said.dataset[name] }));
  const seek = part("seek");
  const chapters = timed("at");
  const sentences = timed("start");
  const length = () => (isFinite(video.duration) ? video.duration : +player.dataset.length);
  const last = (list, now) => list.findLast((one) => one.at <= now + 0.05);

  const clock = (seconds) => {
    const whole = Math.floor(seconds);
    const two = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };
  const turn = (name, on) => {
    const button = part(name);
    if (button.classList.contains("on") === on) return;
    const label = button.getAttribute("aria-label");
    button.classList.toggle("on", on);
    button.setAttribute("aria-label", button.dataset.other);
    button.dataset.other = label;
  };
  const mark = (list, here) => {
    for (const one of list) {
      if (one === here) one.said.setAttribute("aria-current", "true");
      else one.said.removeAttribute("aria-current");
    }
  };

  const show = () => {
    const now = video.currentTime;
    const chapter = last(chapters, now);
    if (+seek.max !== length()) seek.max = length();
    seek.value = now;
    seek.style.setProperty("--at", `${(100 * now) / length()}%`);
    part("now").textContent = clock(now);
    part("end").textContent = clock(length());
    const name = chapter ? ` · ${chapter.said.lastElementChild.textContent}` : "";
    seek.setAttribute("aria-valuetext", `${clock(now)} / ${clock(length())}${name}`);
    mark(chapters, chapter);
    mark(sentences, player.classList.contains("new") ? null : last(sentences, now));
    turn("play", !video.paused);
    turn("mute", video.muted);
  };
  const go = (seconds) => {
    video.currentTime = Math.min(Math.max(0, seconds), length());
    show();
  };
  const play = () => video.play().catch(() => {}); // a pause that comes in between is no mistake
  const toggle = () => (video.paused ? play() : video.pause());
  const mute = () => (video.muted = !video.muted);
  const louder = (step) => {
    video.volume = Math.min(1, Math.max(0, video.volume + step));
    video.muted = video.volume === 0;
  };
  const rate = (value) => {
    video.playbackRate = value;
    part("speed").textContent = `${value}×`;
    for (const one of choices("speed")) one.checked = +one.value === value;
  };
  const faster = (step) => {
    const speeds = choices("speed").map((one) => +one.value);
    rate(speeds[speeds.indexOf(video.playbackRate) + step] ?? video.playbackRate);
  };
  const captions = (kind) => {
    for (const track of video.textTracks) {
      if (track.kind === "captions") track.mode = kind ? "showing" : "disabled";
    }
    for (const one of choices("captions")) one.checked = one.value === kind;
  };
  const full = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else if (player.requestFullscreen) player.requestFullscreen();
    else video.webkitEnterFullscreen?.(); // telephones that give the whole screen to films only
  };
  const turnTo = (step) => {
    const chapter = chapters[chapters.indexOf(last(chapters, video.currentTime)) + step];
    if (chapter) go(chapter.at);
  };

  const keys = {
    " ": toggle, k: toggle, f: full, m: mute,
    arrowleft: () => go(video.currentTime - 5), arrowright: () => go(video.currentTime + 5),
    j: () => go(video.currentTime - 10), l: () => go(video.currentTime + 10),
    arrowup: () => louder(0.1), arrowdown: () => louder(-0.1),
    home: () => go(0), end: () => go(length()),
    c: () => captions(choices("captions")[0].checked ? "captions" : ""),
    "<": () => faster(-1), ">": () => faster(1), n: () => turnTo(1), p: () => turnTo(-1),
  };
  player.addEventListener("keydown", (event) => {
    const menu = event.target.closest(".menu");
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (menu && event.key === "Escape") {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
    // A menu's keys choose in it, and space presses the button that it is on.
    if (menu || (event.key === " " && event.target.closest("button"))) return;
    const key = event.key.toLowerCase();
    const action = keys[key] ?? (/^\d$/.test(key) ? () => go((length() * key) / 10) : null);
    if (!action) return;
    event.preventDefault();
    action();
  });

  const presses = [[video, toggle], [player.querySelector(".start"), toggle], [part("play"), toggle],
    [part("mute"), mute], [part("full"), full]];
  for (const [pressed, action] of presses) pressed.addEventListener("click", action);
  seek.addEventListener("input", () => go(+seek.value));
  player.addEventListener("change", ({ target }) => {
    if (target.name === "speed") rate(+target.value);
    if (target.name === "captions") captions(target.value);
  });
  document.addEventListener("click", (event) => {
    for (const menu of player.querySelectorAll(".menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const said = event.target.closest("[data-at], [data-start]");
    const selecting = said?.dataset.start && String(getSelection());
    if (!said || selecting || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault(); // the moment is on this page
    go(+(said.dataset.at ?? said.dataset.start));
    play();
  });
  for (const link of player.querySelectorAll('[data-do="language"]')) {
    // The other language goes on where this one is.
    link.addEventListener("click", () => {
      if (video.currentTime >= 1) link.search = `?t=${Math.floor(video.currentTime)}`;
    });
  }
  for (const type of ["timeupdate", "durationchange", "play", "pause", "volumechange", "seeking"]) {
    video.addEventListener(type, show);
  }
  video.addEventListener("play", () => player.classList.remove("new"), { once: true });
  document.addEventListener("fullscreenchange", () => turn("full", document.fullscreenElement === player));
  const failed = () => (player.querySelector(".failed").hidden = false);
  for (const fallible of [video, [...video.querySelectorAll("source")].pop()]) fallible.addEventListener("error", failed);

  for (const { at } of chapters.slice(1)) {
    const tick = document.createElement("i");
    tick.style.left = `${(100 * at) / length()}%`;
    seek.nextElementSibling.append(tick);
  }
  player.classList.add("live", "new");
  video.controls = false;
  const wished = parseFloat(new URLSearchParams(location.search).get("t"));
  if (wished > 0) go(wished);
  else show();
}
