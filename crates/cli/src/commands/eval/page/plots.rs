//! The curves, as SVG within the page.
//!
//! Colours are placeholders that no drawing would use; the page's style puts those of a light or a
//! dark page in their place.

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::element::{Circle, ErrorBar};
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, DrawingArea, IntoDrawingArea, IntoFont, LineSeries,
    RGBColor, SVGBackend, ShapeStyle,
};
use synaptoroute::{Bin, Report, SweepPoint};

const SIZE: (u32, u32) = (480, 320);

/// Axes and their words.
const INK: RGBColor = RGBColor(1, 1, 1);
/// Lines behind.
const GRID: RGBColor = RGBColor(2, 2, 2);
/// The first, second and third of what is drawn.
const A: RGBColor = RGBColor(3, 3, 3);
const B: RGBColor = RGBColor(4, 4, 4);
const C: RGBColor = RGBColor(5, 5, 5);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
/// Writing to a string fails in no way that could be mended here; a drawing then ends early.
type Drawn = Option<()>;

/// Accuracy, coverage and what is taken of no route, over the cut.
pub(super) fn sweep(report: &Report) -> String {
    drawn("what one cut for all routes would do", |area| {
        let mut chart = chart(area, "cut on confidence", "share", 1.0)?;
        let mut draw = |colour: RGBColor, of: fn(&SweepPoint) -> Option<f64>| {
            let points: Vec<(f64, f64)> = report
                .sweep
                .iter()
                .filter_map(|point| Some((point.threshold, of(point)?)))
                .collect();
            line(&mut chart, points, colour)
        };
        draw(C, |point| point.out_of_scope_accepted)?;
        draw(B, |point| point.coverage)?;
        draw(A, |point| point.accuracy)
    })
}

/// How often the first candidate is right, over confidence.
pub(super) fn reliability(report: &Report) -> String {
    drawn("how often confidence is right", |area| {
        let mut chart = chart(area, "confidence", "right", 1.0)?;
        line(&mut chart, vec![(0.0, 0.0), (1.0, 1.0)], GRID)?;
        let bar = |bin: &Bin| {
            let right = bin.right;
            let style = ShapeStyle::from(A).stroke_width(1);
            ErrorBar::new_vertical(bin.confidence, right.low, right.value, right.high, style, 6)
        };
        let point = |bin: &Bin| {
            Circle::new((bin.confidence, bin.right.value), 4, ShapeStyle::from(A).filled())
        };
        chart.draw_series(report.reliability.bins.iter().map(bar)).ok()?;
        chart.draw_series(report.reliability.bins.iter().map(point)).ok()?;
        Some(())
    })
}

/// The share of wrong answers, over the share that is answered.
pub(super) fn risk_coverage(report: &Report) -> String {
    let points: Vec<(f64, f64)> =
        report.risk_coverage.points.iter().map(|point| (point.coverage, point.risk)).collect();
    let highest = points.iter().map(|(_, risk)| *risk).fold(0.05, f64::max);
    drawn("how the risk grows with what is answered", |area| {
        let mut chart = chart(area, "answered, of all samples", "wrong, of the answered", highest)?;
        line(&mut chart, points, A)
    })
}

fn drawn(says: &str, draw: impl FnOnce(&Area<'_>) -> Drawn) -> String {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let _ended_early = draw(&area);
        let _nothing_to_flush = area.present();
    }
    // Within a page it needs no namespace, and says to those who do not see it what it is.
    let named = format!("role=\"img\" aria-label=\"{says}\"");
    svg.replacen("xmlns=\"http://www.w3.org/2000/svg\"", &named, 1)
}

/// Axes from 0: to 1 across, and up to `top`.
fn chart<'a, 'b>(area: &'a Area<'b>, across: &str, up: &str, top: f64) -> Option<Chart<'a, 'b>> {
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .x_label_area_size(42)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..1.0, 0.0..top)
        .ok()?;
    // The library makes letters a quarter smaller than it is asked to.
    let font = || ("sans-serif", 17).into_font().color(&INK);
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(plotters::style::TRANSPARENT)
        .axis_style(INK)
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|x| format!("{x:.1}"))
        .y_label_formatter(&|y| percent(*y, top))
        .x_desc(across)
        .y_desc(up)
        .label_style(font())
        .axis_desc_style(font())
        .draw()
        .ok()?;
    Some(chart)
}

/// With a digit behind the point where the steps are that small.
fn percent(share: f64, top: f64) -> String {
    if top < 0.1 { format!("{:.1} %", 100.0 * share) } else { format!("{:.0} %", 100.0 * share) }
}

fn line(chart: &mut Chart<'_, '_>, points: Vec<(f64, f64)>, colour: RGBColor) -> Drawn {
    let style = ShapeStyle::from(colour).stroke_width(2);
    chart.draw_series(LineSeries::new(points, style)).ok()?;
    Some(())
}
