// Pictures, sounds and films of every run at one moment of training; the slider moves through the training of all of them.
const kind = $("#kind"), slider = $("#step"), strips = $("#strips");

if (kind) {
  let current, figures;
  const at = (strip, step) => { // the newest picture up to the step, else the first there is
    const steps = Object.keys(strip.pictures).map(Number).sort((a, b) => a - b);
    return steps.filter((s) => s <= step).pop() ?? steps[0];
  };
  const element = (strip) => { // a picture, or a player of what sounds or moves
    const type = Object.values(strip.pictures)[0].match(/^data:(audio|video)/);
    const made = document.createElement(type ? type[1] : "img");
    if (type) made.controls = true;
    return made;
  };
  const show = () => {
    const step = current.steps[slider.value], last = current.steps[current.steps.length - 1];
    const text = `step ${step} of ${last}`;
    $("#step-text").textContent = text;
    slider.setAttribute("aria-valuetext", text);
    for (const { strip, figure, image, note } of figures) {
      figure.hidden = !shown[strip.row];
      const own = at(strip, step);
      const source = strip.pictures[own];
      if (figure.dataset.visible && image.src !== source) image.src = source;
      image[image.tagName === "IMG" ? "alt" : "title"] = `${current.kind} of ${strip.label} at step ${own}`;
      note.textContent = own === step ? "" : ` (step ${own})`;
    }
  };
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) target.dataset.visible = "1";
    show();
  }, { rootMargin: "600px" });
  const choose = () => {
    current = D.galleries.find((gallery) => gallery.kind === kind.value);
    slider.max = current.steps.length - 1;
    slider.value = slider.max;
    slider.disabled = current.steps.length < 2;
    figures = current.strips.map((strip) => {
      const figure = document.createElement("figure"), caption = document.createElement("figcaption");
      const image = element(strip), note = document.createElement("span"), dot = document.createElement("span");
      dot.className = "dot";
      dot.style.setProperty("--dot", colour(strip.row));
      caption.append(dot, strip.label, note);
      figure.append(caption, image);
      figure.dataset.row = strip.row;
      near.observe(figure);
      return { strip, figure, image, note };
    });
    strips.replaceChildren(...figures.map(({ figure }) => figure));
    show();
  };
  kind.addEventListener("change", choose);
  slider.addEventListener("input", show);
  choose();
  redraws.push(show);
}
filter();

let resized;
new ResizeObserver(() => {
  clearTimeout(resized);
  resized = setTimeout(() => redraws.forEach((redraw) => redraw()), 100);
}).observe(document.body);
dark.addEventListener("change", () => {
  for (const line of lines) line.style.setProperty("--dot", colour(Number(line.dataset.row)));
  redraws.forEach((redraw) => redraw());
});
