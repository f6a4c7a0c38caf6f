// Elements: made, and laid on pictures.

/** An element with attributes and children; text is text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** An element laid on a box of a drawing or a picture that is so wide and high. */
export function placed(made, box, width, height) {
  ["left", "top", "width", "height"].forEach((side, index) => {
    made.style[side] = `${(100 * box[index]) / (index % 2 ? height : width)}%`;
  });
  return made;
}
