// Copies the text behind an address, or one that the button holds. Without this script the download
// or the text beside it is there.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text]");
  if (button === null) return;
  const words = button.querySelector("span");
  const before = words.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copyText ?? (await textAt(button.dataset.copy)));
    words.textContent = "Copied";
  } catch {
    words.textContent = button.dataset.copyText ? "Could not be copied" : "Could not be copied: download it";
  }
  setTimeout(() => (words.textContent = before), 2000);
});

async function textAt(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.text();
}
