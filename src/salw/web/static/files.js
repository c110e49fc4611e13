// @ts-check
// A file over the limit is told at its field as soon as it is chosen, before a form is sent for nothing.

document.addEventListener("change", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.type !== "file" || !field.dataset.most) return;
  const most = Number(field.dataset.most);
  const id = `${field.id}-too-large`;
  document.getElementById(id)?.remove();
  if (![...(field.files ?? [])].some((file) => file.size > most)) return;
  field.value = "";
  const said = document.createElement("p");
  said.id = id;
  said.className = "error";
  said.setAttribute("role", "alert");
  said.textContent = field.dataset.tooLarge ?? "";
  field.before(said);
});
