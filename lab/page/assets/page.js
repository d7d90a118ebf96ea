// Draws a page's charts from its JSON block. Everything else on the page works without this.
'use strict';

(() => {
  const root = document.documentElement;
  // For whoever checks the page: what went wrong, and how many charts are drawn.
  root.dataset.errors = '0';
  window.addEventListener('error', event => {
    root.dataset.errors = String(Number(root.dataset.errors) + 1);
    root.dataset.lastError = String(event.message);
  });

  const sections = JSON.parse(document.getElementById('data').textContent);
  const charts = [];  // {graph, spec, groups, series, hidden, element}
  const narrow = 400;  // pixels of chart width below which there is no room for names at the lines' ends

  const color_of = name => getComputedStyle(root).getPropertyValue(name).trim();

  const round = (value, percent) =>
      percent ? value.toFixed(2) : Math.abs(value) < 1e6 ? Number(value.toPrecision(4)).toString() : value.toExponential(3);

  // Series share one table of x values; dygraphs wants a row for each with every series in it.
  function rows_of(series) {
    const rows = new Map();
    series.forEach((one, column) => {
      for (const [x, low, middle, high] of one.points) {
        if (!rows.has(x)) rows.set(x, [x, ...series.map(() => null)]);
        rows.get(x)[column + 1] = [low, middle, high];
      }
    });
    return [...rows.values()].sort((a, b) => a[0] - b[0]);
  }

  // Room to the right of the lines for the longest name, or for as much of it as a quarter of the chart holds.
  function gap_of(chart) {
    if (!chart.labelled) return 12;
    const longest = Math.max(...chart.groups.map(group => group.name.length));
    return Math.round(Math.min(24 + 8.4 * longest, chart.element.clientWidth / 4));
  }

  function ring(graph, label, context, x, y, color) {
    context.beginPath();
    context.lineWidth = 2.5;
    context.strokeStyle = color;
    context.setLineDash([]);
    context.arc(x, y, 7, 0, 2 * Math.PI);
    context.stroke();
  }

  function colors_of(chart) {
    return chart.series.map(one => color_of('--c' + chart.groups[one.group].color) + (one.thin ? '70' : ''));
  }

  function theme_of(chart) {
    const line = color_of('--line');
    return {
      colors: colors_of(chart),
      axes: {
        x: {...axis_options(chart, 'x'), axisLineColor: color_of('--axis'), gridLineColor: line},
        y: {...axis_options(chart, 'y'), axisLineColor: color_of('--axis'), gridLineColor: line},
      },
    };
  }

  function axis_options(chart, axis) {
    if (axis == 'y') {
      const options = {axisLabelWidth: chart.spec.rates || chart.spec.powers ? 60 : 44, pixelsPerLabel: 36, gridLinePattern: null};
      // Rates are small: 0.0005 in place of 5.000e-4.
      if (chart.spec.powers) options.axisLabelFormatter = y => (10 ** y).toExponential(Number.isInteger(y) ? 0 : 1);
      if (chart.spec.rates) options.axisLabelFormatter = y => String(Number(y.toPrecision(3)));
      return options;
    }
    const options = {drawGrid: false, pixelsPerLabel: 48};
    const ticks = chart.spec.xTicks;
    if (ticks) {
      // On a logarithmic axis: as many of the grid's rates as there is room for, from the left.
      options.ticker = (low, high, pixels) => {
        let last = -Infinity;
        return ticks.filter(tick => {
          const at = (tick.v - low) / (high - low) * pixels;
          if (tick.v < low || tick.v > high || at - last < 46) return false;
          last = at;
          return true;
        });
      };
    } else {
      // Epochs and steps are whole numbers.
      options.axisLabelFormatter = x => Number.isInteger(x) ? String(x) : '';
    }
    return options;
  }

  // Names at the lines' right ends, pushed apart where they would overlap.
  function label_ends(chart) {
    const box = chart.element.parentElement.querySelector('.ends');
    box.textContent = '';
    if (!chart.labelled || chart.graph === undefined) return;
    const area = chart.graph.getArea();
    const ends = [];
    chart.groups.forEach((group, index) => {
      if (chart.hidden.has(index)) return;
      const lasts = chart.series.filter(one => one.group == index && !one.mark && one.points.length > 0)
                        .map(one => one.points[one.points.length - 1]);
      if (lasts.length == 0) return;
      const y = lasts.reduce((sum, last) => sum + chart.graph.toDomYCoord(last[2]), 0) / lasts.length;
      if (y < area.y - 6 || y > area.y + area.h + 6) return;
      ends.push({group, y});
    });
    const height = 17;
    ends.sort((a, b) => a.y - b.y);
    for (let i = 1; i < ends.length; ++i) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + height);
    for (let i = ends.length - 1, floor = area.y + area.h + 8; i >= 0; --i, floor -= height)
      ends[i].y = Math.min(ends[i].y, floor);
    for (const {group, y} of ends) {
      const label = document.createElement('bdi');
      label.textContent = group.name;
      label.className = 'c' + group.color;
      label.style.left = area.x + area.w + 8 + 'px';
      label.style.width = gap_of(chart) - 10 + 'px';
      label.style.top = y - height / 2 + 'px';
      box.append(label);
    }
  }

  function show_readout(chart, x) {
    const percent = chart.spec.yLabel.includes('%');
    const shown = new Map();
    chart.series.forEach(one => {
      if (one.mark || one.thick || chart.hidden.has(one.group)) return;
      const at = one.points.find(point => point[0] == x);
      if (!at) return;
      const range = shown.get(one.group) || [Infinity, -Infinity];
      const y = chart.spec.powers ? 10 ** at[2] : at[2];
      shown.set(one.group, [Math.min(range[0], y), Math.max(range[1], y)]);
    });
    const tick = (chart.spec.xTicks || []).find(candidate => candidate.v == x);
    chart.readout.textContent = '';
    const head = document.createElement('b');
    head.textContent = chart.spec.xLabel.replace(/ \(.*/, '') + ' ' + (tick ? tick.label : x);
    chart.readout.append(head);
    for (const [group, [low, high]] of shown) {
      const item = document.createElement('span');
      item.className = 'c' + chart.groups[group].color;
      const name = document.createElement('bdi');
      name.textContent = chart.groups[group].name;
      item.append(name, ' ' + round(low, percent) + (high > low ? '–' + round(high, percent) : ''));
      chart.readout.append(item);
    }
  }

  // Dragging zooms and a double click goes back. Touches are left to the page, which must scroll under them.
  function interaction() {
    const model = {...Dygraph.defaultInteractionModel};
    for (const name of Object.keys(model))
      if (name.startsWith('touch')) delete model[name];
    return model;
  }

  function draw(section, spec) {
    const element = document.getElementById(spec.id);
    const series = spec.series.filter(one => one.points.length > 0);
    if (series.length == 0) return;
    const chart = {spec, series, groups: section.groups, hidden: new Set(), element};
    chart.readout = element.closest('figure').querySelector('.readout');
    const rows = rows_of(series);
    const xs = rows.map(row => row[0]);
    const pad = xs.length > 1 ? (xs[xs.length - 1] - xs[0]) * (spec.xTicks ? 0.06 : 0.015) : 0.5;
    chart.range = [xs[0] - pad, xs[xs.length - 1] + pad];
    chart.labelled = element.clientWidth >= narrow;
    const per_series = {};
    series.forEach((one, index) => {
      const several = series.filter(other => other.group == one.group && !other.mark).length > 1;
      per_series['s' + index] = {
        strokePattern: section.groups[one.group].dash.length ? section.groups[one.group].dash : null,
        strokeWidth: one.mark ? 0 : one.thick ? 2.2 : one.thin ? 1 : several ? 1.3 : 2.2,
        drawPoints: Boolean(one.points_too || one.mark || one.points.length == 1),
        pointSize: one.mark ? 7 : 3,
        ...(one.mark ? {drawPointCallback: ring, drawHighlightPointCallback: ring} : {}),
      };
    });
    chart.graph = new Dygraph(element, rows, {
      labels: ['x', ...series.map((_, index) => 's' + index)],
      series: per_series,
      customBars: true,
      fillAlpha: 0.16,
      legend: 'never',
      xlabel: spec.xLabel,
      ylabel: spec.yLabel,
      dateWindow: chart.range,
      rightGap: gap_of(chart),
      axisLabelFontSize: 12,
      axisLineWidth: 1,
      gridLineWidth: 1,
      digitsAfterDecimal: 3,
      highlightCircleSize: 4,
      connectSeparatedPoints: true,
      yRangePad: 12,
      stepPlot: Boolean(spec.steps),
      ...(spec.top === undefined ? {} : {valueRange: [null, spec.top]}),
      interactionModel: interaction(),
      drawCallback: () => label_ends(chart),
      highlightCallback: (event, x) => show_readout(chart, x),
      unhighlightCallback: () => { chart.readout.textContent = ''; },
      zoomCallback: () => {
        if (!chart.graph.isZoomed('x')) chart.graph.updateOptions({dateWindow: chart.range});
      },
      ...theme_of(chart),
    });
    chart.section = sections.indexOf(section);
    charts.push(chart);
    label_ends(chart);
    let width = element.clientWidth;
    new ResizeObserver(() => {
      if (element.clientWidth == width || element.clientWidth == 0) return;
      width = element.clientWidth;
      chart.labelled = width >= narrow;
      chart.graph.resize();
      chart.graph.updateOptions({rightGap: gap_of(chart)});
      label_ends(chart);
    }).observe(element);
    root.dataset.chartsDrawn = String(charts.length);
  }

  function recolor() {
    for (const chart of charts) chart.graph.updateOptions(theme_of(chart));
  }

  for (const section of sections)
    for (const spec of section.charts) draw(section, spec);

  // Tables wider than their place say so.
  const places = [...document.querySelectorAll('.scroll')];
  const mark = () => {
    for (const place of places) place.toggleAttribute('data-more', place.scrollWidth > place.clientWidth + 1);
  };
  const watch = new ResizeObserver(mark);
  for (const place of places) watch.observe(place);
  mark();

  // Paper shows the evidence whether it was opened or not, and no JSON.
  let before = [];
  window.addEventListener('beforeprint', () => {
    before = [...document.querySelectorAll('details')].map(details => [details, details.open]);
    for (const [details] of before) details.open = details.matches('.evidence');
    // A canvas that is drawn anew stays blank in print: charts keep their size, and are scaled to the paper's width.
    for (const {element} of charts) {
      const box = element.parentElement, width = box.clientWidth;
      element.style.height = element.clientHeight + 'px';
      box.style.width = width + 'px';
      box.style.zoom = Math.min(1, 680 / width);
    }
  });
  window.addEventListener('afterprint', () => {
    for (const [details, open] of before) details.open = open;
    for (const {element} of charts) {
      element.style.height = '';
      element.parentElement.style.width = element.parentElement.style.zoom = '';
    }
  });

  document.addEventListener('click', event => {
    const item = event.target.closest('.legend button');
    if (item) {
      const on = item.getAttribute('aria-pressed') != 'true';
      item.setAttribute('aria-pressed', String(on));
      const group = Number(item.dataset.group);
      for (const chart of charts) {
        if (chart.section != Number(item.dataset.section)) continue;
        if (on) chart.hidden.delete(group);
        else chart.hidden.add(group);
        chart.graph.setVisibility(chart.series.map(one => !chart.hidden.has(one.group)));
        label_ends(chart);
      }
      return;
    }
    const copy = event.target.closest('.copy');
    if (!copy) return;
    const text = copy.closest('.copyable').querySelector('pre');
    const done = said => {
      copy.textContent = said;
      setTimeout(() => { copy.textContent = 'Copy'; }, 2000);
    };
    // Where the clipboard is out of reach the text is selected, ready for Ctrl-C.
    const select = () => {
      getSelection().selectAllChildren(text);
      done('Selected');
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text.textContent).then(() => done('Copied'), select);
    else select();
  });

  const toggle = document.getElementById('theme');
  const dark_system = matchMedia('(prefers-color-scheme: dark)');
  const is_dark = () => root.dataset.theme ? root.dataset.theme == 'dark' : dark_system.matches;
  const name_toggle = () => { toggle.textContent = is_dark() ? 'Light' : 'Dark'; };
  toggle.hidden = false;
  toggle.setAttribute('aria-label', 'Switch between light and dark');
  name_toggle();
  toggle.addEventListener('click', () => {
    root.dataset.theme = is_dark() ? 'light' : 'dark';
    name_toggle();
    recolor();
  });
  dark_system.addEventListener('change', () => {
    name_toggle();
    recolor();
  });

  // Paper is white.
  let before_print;
  addEventListener('beforeprint', () => {
    before_print = root.dataset.theme;
    root.dataset.theme = 'light';
    recolor();
  });
  addEventListener('afterprint', () => {
    if (before_print === undefined) delete root.dataset.theme;
    else root.dataset.theme = before_print;
    recolor();
  });
})();
