// Comfort only: every page works without it.
(() => {
  const all = (what) => document.querySelectorAll(what);

  // What only a script can do is shown only when there is one.
  for (const element of all("[data-script]")) element.hidden = false;
  for (const box of all("[data-shows]"))
    box.addEventListener("change", () => {
      for (const name of box.dataset.shows.split(" "))
        document.getElementById(name).type = box.checked ? "text" : "password";
    });
  for (const button of all("[data-print]")) button.addEventListener("click", () => print());

  // Elements marked data-live are fetched again, unless nobody looks or somebody types in them.
  const live = [...all("[data-live]")];
  if (!live.length) return;
  const every = 1000 * (live[0].dataset.live || 10);
  const stale = document.getElementById("stale");
  let wait = every;
  const inside = "a, button, input, select, textarea, summary";
  const refresh = async () => {
    const typed = document.activeElement.matches("input, select, textarea");
    if (!document.hidden && !typed)
      try {
        const answer = await fetch(location.href, {
          cache: "no-cache",
          redirect: "manual",
          signal: AbortSignal.timeout(15000),
        });
        // The session is over, or the page has moved: what this leads to says so itself.
        if (answer.type == "opaqueredirect") return location.reload();
        if (!answer.ok) throw answer;
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const old of all("[data-live]")) {
          const fresh = page.getElementById(old.id);
          if (!fresh || fresh.isEqualNode(old)) continue;
          const at = [...old.querySelectorAll(inside)].indexOf(document.activeElement);
          old.replaceWith(fresh);
          if (at >= 0) fresh.querySelectorAll(inside)[at]?.focus();
        }
        wait = every;
        stale.hidden = true;
      } catch {
        // The first failure may be a packet that was lost; from the second on the page says so.
        stale.hidden = wait == every;
        wait = Math.min(2 * wait, 120000);
      }
    setTimeout(refresh, wait);
  };
  setTimeout(refresh, wait);
})();
