// Two pictures to try things on, drawn here: nothing is downloaded.

const FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif";

function paper(width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = pen.strokeStyle = "#111";
  return [canvas, pen];
}

function write(pen, text, x, y, size, { align = "left", weight = "" } = {}) {
  pen.font = `${weight} ${size}px ${FONT}`;
  pen.textAlign = align;
  pen.fillText(text, x, y);
}

const asFile = (canvas, name) => new Promise((resolve) => {
  canvas.toBlob((blob) => resolve(new File([blob], name, { type: "image/png" })), "image/png");
});

export function sampleChart() {
  const [canvas, pen] = paper(800, 520);
  const values = { Mon: 42, Tue: 58, Wed: 35, Thu: 71, Fri: 90 };
  const [left, right, top, foot, most] = [90, 760, 70, 440, 100];
  const y = (value) => foot - ((foot - top) * value) / most;
  write(pen, "Bicycles repaired", (left + right) / 2, 40, 26, { align: "center" });
  for (let tick = 0; tick <= most; tick += 20) {
    write(pen, String(tick), left - 14, y(tick) + 7, 20, { align: "right" });
    pen.fillRect(left - 8, y(tick) - 1, 8, 2);
  }
  const step = (right - left) / 5;
  Object.entries(values).forEach(([day, value], i) => {
    pen.fillStyle = "#3b76c9";
    pen.fillRect(left + step * (i + 0.2), y(value), step * 0.6, foot - y(value));
    pen.fillStyle = "#111";
    write(pen, day, left + step * (i + 0.5), foot + 32, 20, { align: "center" });
  });
  pen.lineWidth = 2;
  pen.strokeRect(left, top, 0, foot - top);
  pen.strokeRect(left, foot, right - left, 0);
  write(pen, "Day", (left + right) / 2, 505, 20, { align: "center" });
  return asFile(canvas, "chart.png");
}

export function sampleLetter() {
  const [canvas, pen] = paper(900, 640);
  write(pen, "Ridgeline Bicycles", 70, 100, 40, { weight: "bold" });
  write(pen, "14 Mill Lane, Portland", 70, 138, 24);
  write(pen, "Invoice 2041", 70, 230, 34, { weight: "bold" });
  write(pen, "Date: 12 March 2026", 70, 274, 24);
  const rows = [["Chain, 11-speed", "1", "38.90"], ["Brake pads, pair", "2", "25.00"], ["Labor, hours", "3", "165.00"]];
  rows.forEach((row, i) => {
    [[70, "left"], [560, "right"], [820, "right"]].forEach(([x, align], column) => write(pen, row[column], x, 350 + i * 46, 26, { align }));
  });
  pen.fillRect(70, 478, 750, 2);
  write(pen, "Total due", 70, 526, 30, { weight: "bold" });
  write(pen, "228.90", 820, 526, 30, { align: "right", weight: "bold" });
  write(pen, "Please pay within 30 days.", 70, 590, 24);
  return asFile(canvas, "invoice.png");
}
