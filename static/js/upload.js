// The upload form with a mouse and a file at hand: drop it, see its name, learn at once that it
// is too large. Without this script the form is a plain one.
for (const form of document.querySelectorAll("[data-upload]")) {
  const drop = form.querySelector("[data-drop]");
  const input = drop.querySelector("input");
  const name = drop.querySelector("[data-file-name]");
  const unchosen = name.textContent;
  form.classList.add("scripted");

  const limitOf = (file) =>
    Number(/\.zip$/i.test(file.name) ? form.dataset.limit : form.dataset.scriptLimit);

  const show = () => {
    const file = input.files[0];
    name.textContent = file ? file.name : unchosen;
    drop.classList.toggle("chosen", Boolean(file));
    const tooLarge = file && file.size > limitOf(file);
    input.setCustomValidity(
      tooLarge ? `${file.name} has ${file.size} bytes; ${limitOf(file)} are allowed.` : "",
    );
    if (tooLarge) input.reportValidity();
  };

  input.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  for (const type of ["dragenter", "dragover"]) {
    drop.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  for (const type of ["dragleave", "drop"]) {
    drop.addEventListener(type, () => drop.classList.remove("over"));
  }
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length === 0) return;
    input.files = event.dataTransfer.files;
    show();
  });
}
