// @ts-check
// A signature drawn with the finger, a pen or the mouse: when its way of acknowledging is chosen the page shows a frame
// to sign in, and the drawing goes out as a picture in the file field beside it. Who has no pointer chooses a file.

/** A picture of a signature may be printed: it has two points a CSS pixel at least. */
const LEAST_RATIO = 2;
/** The pen, in widths of the frame, which is the unit of every point: a frame that changes keeps its drawing. */
const PEN = 1 / 130;

for (const part of document.querySelectorAll("[data-drawing]")) if (part instanceof HTMLElement) setUp(part);

/** @param {HTMLElement} part */
function setUp(part) {
  const canvas = part.querySelector("canvas");
  const pen = canvas?.getContext("2d");
  const file = document.getElementById(part.dataset.drawing ?? "");
  const way = document.getElementById(part.dataset.way ?? "");
  if (!canvas || !pen || !(file instanceof HTMLInputElement) || !(way instanceof HTMLSelectElement)) return;
  /** @type {number[][][]} */
  let strokes = [];
  /** @type {number[][] | null} */
  let stroke = null;

  const chosen = () => way.value === part.dataset.chosen;
  const show = () => (part.hidden = !chosen());
  const clear = () => {
    strokes = [];
    stroke = null;
    repaint();
  };

  function repaint() {
    if (!canvas || !pen) return;
    const ratio = Math.max(LEAST_RATIO, devicePixelRatio);
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    // Ink on paper, whatever colours the page has: the picture is looked at and printed elsewhere.
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.scale(canvas.width, canvas.width);
    pen.strokeStyle = "#16211d";
    pen.lineWidth = PEN;
    pen.lineCap = pen.lineJoin = "round";
    for (const points of strokes) ink(points);
  }

  /** @param {number[][]} points */
  function ink(points) {
    if (!pen) return;
    pen.beginPath();
    pen.moveTo(points[0][0], points[0][1]);
    for (const [x, y] of points) pen.lineTo(x, y);
    if (points.length === 1) pen.lineTo(points[0][0] + PEN / 10, points[0][1]); // a dot, as on an i
    pen.stroke();
  }

  /** @param {PointerEvent} event */
  function point(event) {
    if (!canvas) return [0, 0];
    const frame = canvas.getBoundingClientRect();
    const left = event.clientX - frame.left - canvas.clientLeft;
    const top = event.clientY - frame.top - canvas.clientTop;
    return [left / canvas.clientWidth, top / canvas.clientWidth];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    stroke = [point(event)];
    strokes.push(stroke);
    ink(stroke);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke || !event.isPrimary) return;
    const between = event.getCoalescedEvents?.() ?? []; // a browser has them over HTTPS alone
    const from = stroke.length - 1;
    stroke.push(...(between.length ? between : [event]).map(point));
    ink(stroke.slice(from));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (stroke = null));
  new ResizeObserver(() => canvas.clientWidth && repaint()).observe(canvas);

  part.querySelector("button")?.addEventListener("click", clear);
  way.addEventListener("change", show);
  file.addEventListener("change", clear); // the last of the two counts
  file.form?.addEventListener("submit", () => {
    if (chosen() && strokes.length) file.files = listed(canvas);
  });
  // A form that the browser's Back brings has the choice that was made, and not the picture that was sent.
  addEventListener("pageshow", () => {
    if (strokes.length) file.value = "";
    show();
  });
  show();
}

/**
 * The drawing as what a file field holds; at once, because the form is being sent.
 * @param {HTMLCanvasElement} canvas
 */
function listed(canvas) {
  const text = atob(canvas.toDataURL("image/png").split(",")[1]);
  const bytes = Uint8Array.from(text, (one) => one.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "signature.png", { type: "image/png" }));
  return files.files;
}
