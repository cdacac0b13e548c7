// Copies the text behind an address. Without this script the download beside it is there.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button === null) return;
  const words = button.querySelector("span");
  const before = words.textContent;
  try {
    const answer = await fetch(button.dataset.copy);
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    await navigator.clipboard.writeText(await answer.text());
    words.textContent = "Copied";
  } catch {
    words.textContent = "Could not be copied: download it";
  }
  setTimeout(() => (words.textContent = before), 2000);
});
